"""A gmqtt client made of the options that all scripts share, and properties as gmqtt has them."""

import ssl
import uuid

import gmqtt
from gmqtt.mqtt.constants import MQTTv50, MQTTv311

NAMES = {
    "content_type": "content_type", "payload_format": "payload_format_id", "response_topic": "response_topic",
    "correlation": "correlation_data", "expiry": "message_expiry_interval",
}  # fmt: skip


def client(arguments, will=None, **more):
    made = gmqtt.Client(arguments.client_id or uuid.uuid4().hex, will_message=will, **more)
    if arguments.username is not None:
        made.set_auth_credentials(arguments.username, arguments.password)
    return made


async def connect(made, arguments):
    tls = False
    if arguments.ca:
        tls = ssl.create_default_context(cafile=arguments.ca)
        tls.load_cert_chain(arguments.cert, arguments.key)
    version = MQTTv50 if arguments.version == "5" else MQTTv311
    await made.connect(arguments.host, arguments.port, ssl=tls, version=version)


def message(told):
    properties = {NAMES[name]: value for name, value in told["properties"] if name != "user"}
    users = [tuple(value) for name, value in told["properties"] if name == "user"]
    if users:
        properties["user_property"] = users
    return gmqtt.Message(told["topic"], told["payload"], told["qos"], told["retain"], **properties)


def to_pairs(properties):
    pairs = [["user", list(pair)] for pair in properties.get("user_property", [])]
    return pairs + [[name, properties[place][0]] for name, place in NAMES.items() if place in properties]
