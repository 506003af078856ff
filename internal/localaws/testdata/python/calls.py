"""Records the requests of the calls that Python's iniesta makes, or makes them.

    python3 calls.py record > query.json    # the bytes that this machine's botocore sends; no server is asked
    python3 calls.py play http://127.0.0.1:4566    # makes the calls, and checks what botocore reads of the answers

query.json was recorded with botocore 1.29.27, which speaks the query protocol with SQS, as aiobotocore 1.1 does.
json.json was recorded with botocore 1.43.11, which speaks JSON with SQS. With SNS both speak the query protocol.
"""
import json
import sys

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = "http://localhost:4566"
ACCOUNT = "000000000000"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:events"
QUEUE, FIFO = "iniesta-development-points", "iniesta-development-points.fifo"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{QUEUE}"
POLICY = {
    "Version": "2012-10-17",
    "Id": f"{QUEUE_ARN}/SQSDefaultPolicy",
    "Statement": [
        {
            "Sid": "Sid1552456721343", "Effect": "Allow", "Principal": "*", "Action": "SQS:SendMessage",
            "Resource": QUEUE_ARN, "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
        }
    ],
}


def text(value):
    return {"DataType": "String", "StringValue": value}


def number(value):
    return {"DataType": "Number", "StringValue": str(value)}


def array(value):
    return {"DataType": "String.Array", "StringValue": value}


EVERY_TYPE = {
    "source": text("api é /+&="), "retries": number(3), "ratio": number(1e16), "labels": array('["a\\/b",1.0]'), "none": array("[]"),
    "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}, "iniesta_pass": text("OrderPlaced.shop"), "version": number(1),
}


def published(body, structure="string", attributes=None, **more):
    """The arguments of a publish in the order in which Python's message has them."""
    return {"TopicArn": TOPIC, "MessageAttributes": attributes or {}, "Message": body, "MessageStructure": structure, **more}


def event(name, version=1):
    return {"iniesta_pass": text(name), "version": number(version)}


def calls(url, fifo, handle, subscription):
    """Each call: what Python does, the service, the method, its arguments, and a check of what was read."""
    received = dict(MaxNumberOfMessages=10, WaitTimeSeconds=20, AttributeNames=["All"], MessageAttributeNames=["All"])
    return [
        ("documentation: a topic", "sns", "create_topic", dict(Name="events"), lambda a: a["TopicArn"] == TOPIC),
        ("documentation: a queue", "sqs", "create_queue", dict(QueueName=QUEUE), lambda a: a["QueueUrl"] == url()),
        ("tests: a FIFO queue", "sqs", "create_queue", dict(QueueName=FIFO, Attributes={"FifoQueue": "true"}), lambda a: a["QueueUrl"] == fifo()),
        ("documentation: the queue's ARN", "sqs", "get_queue_attributes", dict(QueueUrl=url(), AttributeNames=["QueueArn"]),
         lambda a: a["Attributes"] == {"QueueArn": QUEUE_ARN}),
        ("documentation: a subscription", "sns", "subscribe",
         dict(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE_ARN, Attributes={
             "FilterPolicy": json.dumps({"iniesta_pass": ["hello.iniesta", {"prefix": "OrderPlaced."}]}), "RawMessageDelivery": "true"}),
         lambda a: subscription(a["SubscriptionArn"])),
        ("documentation: the permission", "sqs", "set_queue_attributes", dict(QueueUrl=url(), Attributes={"Policy": json.dumps(POLICY)}), None),
        ("SQSClient.initialize", "sqs", "get_queue_url", dict(QueueName=QUEUE), lambda a: a["QueueUrl"] == url()),
        ("SQSClient.initialize: no queue", "sqs", "get_queue_url", dict(QueueName="none"), "AWS.SimpleQueueService.NonExistentQueue"),
        ("SNSClient.initialize", "sns", "get_topic_attributes", dict(TopicArn=TOPIC), lambda a: a["Attributes"]["TopicArn"] == TOPIC),
        ("SNSClient.initialize: no topic", "sns", "get_topic_attributes", dict(TopicArn=TOPIC + "-none"), ("NotFound", "NotFoundException")),
        ("SNSClient.list_subscriptions_by_topic", "sns", "list_subscriptions_by_topic", dict(TopicArn=TOPIC),
         lambda a: a["Subscriptions"][0]["Endpoint"] == QUEUE_ARN and "NextToken" not in a),
        ("SNSClient.list_subscriptions_by_topic: the next page", "sns", "list_subscriptions_by_topic", dict(TopicArn=TOPIC, NextToken="1"),
         lambda a: a["Subscriptions"] == []),
        ("SNSClient.get_subscription_attributes", "sns", "get_subscription_attributes", dict(SubscriptionArn=subscription()),
         lambda a: json.loads(a["Attributes"]["FilterPolicy"])["iniesta_pass"][1] == {"prefix": "OrderPlaced."}),
        ("SQSClient.confirm_permission", "sqs", "get_queue_attributes", dict(QueueUrl=url(), AttributeNames=["Policy"]),
         lambda a: "SQS:SendMessage" in json.loads(a["Attributes"]["Policy"])["Statement"][0]["Action"]),
        ("SNSMessage.publish: every type of attribute", "sns", "publish", published('{"id":7}', attributes=EVERY_TYPE), lambda a: a["MessageId"]),
        ("SQSClient._poll", "sqs", "receive_message", dict(QueueUrl=url(), **received),
         lambda a: handle(a["Messages"][0]) and a["Messages"][0]["MessageAttributes"] == EVERY_TYPE
         and a["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "1"),
        ("SQSClient.handle_success", "sqs", "delete_message", dict(QueueUrl=url(), ReceiptHandle=handle()), None),
        ("SNSMessage.publish: not ASCII", "sns", "publish", published('"\\u00e9 \\/ 2.0" é ☕ 😀', attributes=event("OrderPlaced.shop")), lambda a: a["MessageId"]),
        ("SNSMessage.publish: a subject", "sns", "publish", published("{}", attributes=event("Elsewhere.shop"), Subject="Hi & bye"), lambda a: a["MessageId"]),
        ("SNSMessage.publish: a text for each protocol", "sns", "publish", published('{"default":"d","sqs":"s"}', "json", event("Elsewhere.shop")), lambda a: a["MessageId"]),
        ("SNSMessage.publish: no attributes", "sns", "publish", published("plain"), lambda a: a["MessageId"]),
        ("SQSMessage.send", "sqs", "send_message", dict(QueueUrl=url(), MessageAttributes={}, MessageBody="{}"), lambda a: a["MD5OfMessageBody"] == "99914b932bd37a50b983c5e7c90ae93b"),
        ("SQSMessage.send: every type of attribute", "sqs", "send_message",
         dict(QueueUrl=url(), MessageAttributes=EVERY_TYPE, MessageBody="a & é", DelaySeconds=900), lambda a: a["MD5OfMessageAttributes"]),
        ("SQSMessage.send: FIFO", "sqs", "send_message",
         dict(QueueUrl=fifo(), MessageAttributes={}, MessageBody="{}", MessageGroupId="g", MessageDeduplicationId="d"), lambda a: a["SequenceNumber"]),
        ("empty lists", "sqs", "receive_message", dict(QueueUrl=fifo(), AttributeNames=[], MessageAttributeNames=[]),
         lambda a: "Attributes" not in a["Messages"][0] and "MessageAttributes" not in a["Messages"][0]),
        ("nothing is there", "sqs", "receive_message", dict(QueueUrl=fifo(), MaxNumberOfMessages=10, WaitTimeSeconds=0, AttributeNames=["All"]),
         lambda a: a.get("Messages", []) == []),
        ("an empty list of attributes", "sqs", "get_queue_attributes", dict(QueueUrl=url(), AttributeNames=[]), lambda a: a.get("Attributes", {}) == {}),
        ("tests: the subscription ends", "sns", "unsubscribe", dict(SubscriptionArn=subscription()), None),
        ("tests: the topic ends", "sns", "delete_topic", dict(TopicArn=TOPIC), None),
        ("tests: the queue ends", "sqs", "delete_queue", dict(QueueUrl=url()), None),
    ]


def client(service, endpoint):
    return botocore.session.get_session().create_client(
        service, region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="testing", aws_secret_access_key="testing",
        config=Config(retries={"max_attempts": 0}, parameter_validation=True))


def record():
    clients = {name: client(name, ENDPOINT) for name in ("sqs", "sns")}
    sent = []

    def keep(request, **_):
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        sent.append({
            "path": request.url[len(ENDPOINT):], "contentType": headers["Content-Type"], "target": headers.get("X-Amz-Target", ""), "body": body})
        return AWSResponse(request.url, 400, {}, type("Raw", (), {"stream": lambda self, *_: iter([b""])})())

    for name, each in clients.items():
        each.meta.events.register(f"before-send.{name}", keep)
    for what, service, method, arguments, _ in calls(
            lambda: f"{ENDPOINT}/{ACCOUNT}/{QUEUE}", lambda: f"{ENDPOINT}/{ACCOUNT}/{FIFO}", lambda *_: "HANDLE", lambda *_: "SUBSCRIPTION"):
        try:
            getattr(clients[service], method)(**arguments)
        except Exception:  # nobody answered
            pass
        sent[-1] = {"name": what, **sent[-1]}
    json.dump(sent, sys.stdout, indent=1, ensure_ascii=False)
    print()


def play(endpoint):
    """Makes the calls one after the other: the arguments of a call may be what an earlier one answered."""
    kept = {}

    def keeper(name, read=lambda value: value):
        def keep(*value):
            if value:
                kept[name] = read(value[0])
            return kept.get(name, name)
        return keep

    handle, subscription = keeper("handle", lambda m: m["ReceiptHandle"]), keeper("subscription")
    clients = {name: client(name, endpoint) for name in ("sqs", "sns")}
    faults = 0
    every = lambda: calls(lambda: f"{endpoint}/{ACCOUNT}/{QUEUE}", lambda: f"{endpoint}/{ACCOUNT}/{FIFO}", handle, subscription)
    for i in range(len(every())):
        what, service, method, arguments, check = every()[i]
        codes = (check,) if isinstance(check, str) else check
        try:
            answer = getattr(clients[service], method)(**arguments)
            ok, seen = check is None or callable(check) and check(answer), answer
        except ClientError as e:
            ok, seen = isinstance(codes, tuple) and e.response["Error"]["Code"] in codes, e.response["Error"]
        except (KeyError, IndexError) as e:
            ok, seen = False, f"{answer}, without {e}"
        if not ok:
            faults += 1
            print(f"{what}: botocore reads {seen}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    record() if sys.argv[1] == "record" else play(sys.argv[2])
