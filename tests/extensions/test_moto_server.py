"""moto: its server with simulated cloud services, used with the real client library."""

from __future__ import annotations

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

pytestmark = pytest.mark.uses("boto3")


@pytest.fixture(scope="module")
def url():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def service(url):
    requests.post(f"{url}/moto-api/reset", timeout=30)

    def service(name):
        return boto3.client(
            name,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    return service


def test_objects_are_stored_listed_and_deleted(service):
    s3 = service("s3")
    s3.create_bucket(Bucket="shelf")
    s3.put_object(Bucket="shelf", Key="a/b c.txt", Body=b"text" * 1000, Metadata={"colour": "red"})
    found = s3.get_object(Bucket="shelf", Key="a/b c.txt")
    assert found["Body"].read() == b"text" * 1000
    assert found["Metadata"] == {"colour": "red"}
    part = s3.get_object(Bucket="shelf", Key="a/b c.txt", Range="bytes=0-3")
    assert (part["ResponseMetadata"]["HTTPStatusCode"], part["Body"].read()) == (206, b"text")
    listing = s3.list_objects_v2(Bucket="shelf", Prefix="a/")
    assert [entry["Key"] for entry in listing["Contents"]] == ["a/b c.txt"]
    assert s3.head_object(Bucket="shelf", Key="a/b c.txt")["ContentLength"] == 4000
    s3.delete_object(Bucket="shelf", Key="a/b c.txt")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="shelf", Key="a/b c.txt")


def test_a_missing_bucket_is_an_error(service):
    with pytest.raises(ClientError, match="NoSuchBucket"):
        service("s3").list_objects_v2(Bucket="absent")


def test_messages_are_queued(service):
    sqs = service("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "hello"


def test_items_of_a_table(service):
    dynamo = service("dynamodb")
    dynamo.create_table(
        TableName="people",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamo.put_item(TableName="people", Item={"name": {"S": "Ann"}, "age": {"N": "3"}})
    item = dynamo.get_item(TableName="people", Key={"name": {"S": "Ann"}})["Item"]
    assert item == {"name": {"S": "Ann"}, "age": {"N": "3"}}


def test_its_own_pages(url):
    assert requests.get(f"{url}/moto-api/", timeout=30).status_code == 200
    data = requests.get(f"{url}/moto-api/data.json", timeout=30)
    assert isinstance(data.json(), dict)
