"""What a service in Python does with SQS and SNS, through boto3."""
import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"max_attempts": 0}, read_timeout=30)
endpoint = os.environ["ENDPOINT"]
sqs = boto3.client("sqs", endpoint_url=endpoint, config=config)
sns = boto3.client("sns", endpoint_url=endpoint, config=config)
protocol = sqs.meta.service_model.metadata["protocol"]
assert sys.argv[1] in ("any", protocol), protocol


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        return
    raise AssertionError(f"it was taken: {arguments}")


# Queues.
dead = sqs.create_queue(QueueName="orders-dead")["QueueUrl"]
dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
orders = sqs.create_queue(
    QueueName="orders",
    Attributes={"VisibilityTimeout": "30", "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "1"})},
    tags={"team": "shop"},
)["QueueUrl"]
orders_arn = sqs.get_queue_attributes(QueueUrl=orders, AttributeNames=["All"])["Attributes"]["QueueArn"]
assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == orders
assert sqs.list_queue_tags(QueueUrl=orders)["Tags"] == {"team": "shop"}
assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [orders]
assert sqs.list_queues(QueueNamePrefix="orders")["QueueUrls"] == [orders, dead]
refused("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="none")

# Messages: botocore checks the digests of bodies and attributes.
text = "é<&>\r\n\t\u2028😀"
sqs.send_message(
    QueueUrl=orders, MessageBody=text,
    MessageAttributes={"s": {"DataType": "String", "StringValue": "v & <w>"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
                       "n": {"DataType": "Number", "StringValue": "1.50"}},
    MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}},
)
m, = sqs.receive_message(QueueUrl=orders, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
assert m["Body"] == text, m
assert m["MessageAttributes"]["b"]["BinaryValue"] == b"\x00\x01", m
assert m["Attributes"]["AWSTraceHeader"] == "Root=1-5759e988-bd862e3fe1be46a994272793", m
sqs.change_message_visibility(QueueUrl=orders, ReceiptHandle=m["ReceiptHandle"], VisibilityTimeout=0)
assert "Messages" not in sqs.receive_message(QueueUrl=orders)
letter, = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
assert letter["Attributes"]["DeadLetterQueueSourceArn"] == orders_arn, letter
sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])

sent = sqs.send_message_batch(QueueUrl=orders, Entries=[{"Id": str(i), "MessageBody": str(i)} for i in range(10)])
assert len(sent["Successful"]) == 10 and not sent.get("Failed"), sent
got = sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=10, AttributeNames=[], MessageAttributeNames=[])["Messages"]
deleted = sqs.delete_message_batch(QueueUrl=orders, Entries=[{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)])
assert len(deleted["Successful"]) == 10, deleted
refused("AWS.SimpleQueueService.EmptyBatchRequest", sqs.send_message_batch, QueueUrl=orders, Entries=[])
refused("InvalidParameterValue", sqs.receive_message, QueueUrl=orders, MaxNumberOfMessages=11)
refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=orders, ReceiptHandle="garbage")

# FIFO.
steps = sqs.create_queue(QueueName="steps.fifo", Attributes={"FifoQueue": "True", "ContentBasedDeduplication": "True"})["QueueUrl"]
first = sqs.send_message(QueueUrl=steps, MessageBody="1", MessageGroupId="g")
again = sqs.send_message(QueueUrl=steps, MessageBody="1", MessageGroupId="g")
assert first["MessageId"] == again["MessageId"] and first["SequenceNumber"] == again["SequenceNumber"]
refused("MissingParameter", sqs.send_message, QueueUrl=steps, MessageBody="2")

# Topics, as iniesta in Python publishes: MessageStructure is always there.
topic = sns.create_topic(Name="events", Tags=[])["TopicArn"]
sqs.set_queue_attributes(QueueUrl=orders, Attributes={"Policy": json.dumps({"Statement": [{
    "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "SQS:SendMessage", "Resource": orders_arn,
    "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]})})
subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=orders_arn, ReturnSubscriptionArn=True, Attributes={
    "RawMessageDelivery": "True", "FilterPolicy": json.dumps({"iniesta_pass": [{"prefix": "Order."}]})})["SubscriptionArn"]
for event in ("Order.shop", "User.shop"):
    sns.publish(TopicArn=topic, Message="{}", MessageStructure="string",
                MessageAttributes={"iniesta_pass": {"DataType": "String", "StringValue": event}})
m, = sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
assert m["MessageAttributes"]["iniesta_pass"]["StringValue"] == "Order.shop", m
assert sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["RawMessageDelivery"] == "true"
assert [s["SubscriptionArn"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]] == [subscription]
batch = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "x"}])
assert len(batch["Successful"]) == 1, batch
refused("InvalidParameter", sns.publish, TopicArn=topic, Message="x", Subject="")
refused("NotFound", sns.publish, TopicArn=topic + "-none", Message="x")
sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "shop"}])
assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "team", "Value": "shop"}]
sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=["111111111111"], ActionName=["Publish"])
sns.unsubscribe(SubscriptionArn=subscription)
sns.delete_topic(TopicArn=topic)
sqs.purge_queue(QueueUrl=orders)
refused("AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue, QueueUrl=orders)
print("boto3", boto3.__version__, protocol)
