// What a service in JavaScript does with SQS and SNS: the AWS SDK, and sqs-consumer on top of it.
import assert from "node:assert/strict";
import * as sqs from "@aws-sdk/client-sqs";
import * as sns from "@aws-sdk/client-sns";
import { Consumer } from "sqs-consumer";

const options = { endpoint: process.env.ENDPOINT, region: "us-east-1", credentials: { accessKeyId: "key", secretAccessKey: "secret" }, maxAttempts: 1 };
const queues = new sqs.SQSClient(options);
const topics = new sns.SNSClient(options);

const { QueueUrl } = await queues.send(new sqs.CreateQueueCommand({ QueueName: "orders", Attributes: { VisibilityTimeout: "5" }, tags: { team: "shop" } }));
const { Attributes } = await queues.send(new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
assert.equal(Attributes.QueueArn, "arn:aws:sqs:us-east-1:000000000000:orders");
await assert.rejects(queues.send(new sqs.GetQueueUrlCommand({ QueueName: "none" })), sqs.QueueDoesNotExist);
await assert.rejects(queues.send(new sqs.SendMessageBatchCommand({ QueueUrl, Entries: [] })), sqs.EmptyBatchRequest);

// The SDK checks the digests of bodies.
await queues.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: "é😀", MessageAttributes: { b: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1]) } } }));
const { Messages } = await queues.send(new sqs.ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] }));
assert.equal(Messages[0].Body, "é😀");
assert.deepEqual([...Messages[0].MessageAttributes.b.BinaryValue], [0, 1]);
await queues.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle }));

// A topic to the queue, and a consumer that fails each message once.
const { TopicArn } = await topics.send(new sns.CreateTopicCommand({ Name: "events" }));
await queues.send(new sqs.SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify({ Statement: [{
  Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: Attributes.QueueArn,
  Condition: { ArnEquals: { "aws:SourceArn": TopicArn } } }] }) } }));
await topics.send(new sns.SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: Attributes.QueueArn, Attributes: { RawMessageDelivery: "true" } }));
const entries = Array.from({ length: 10 }, (_, i) => ({ Id: String(i), Message: String(i) }));
assert.equal((await topics.send(new sns.PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }))).Successful.length, 10);

const failed = new Set();
const handled = [];
await new Promise((resolve, reject) => {
  const consumer = Consumer.create({
    queueUrl: QueueUrl, sqs: queues, batchSize: 10, waitTimeSeconds: 1, visibilityTimeout: 5, terminateVisibilityTimeout: true,
    handleMessage: async (m) => {
      if (!failed.has(m.Body)) {
        failed.add(m.Body);
        throw new Error("the first time fails");
      }
      handled.push(m.Body);
      if (handled.length === 10) consumer.stop();
      return m;
    },
  });
  consumer.on("error", reject);
  consumer.on("processing_error", () => {});
  consumer.on("stopped", resolve);
  setTimeout(() => reject(new Error("the consumer has not handled all: " + handled)), 60000).unref();
  consumer.start();
});
assert.deepEqual(handled.toSorted(), entries.map((e) => e.Message));
console.log("the AWS SDK for JavaScript and sqs-consumer");
