"""A paho client made of the options that all scripts share."""

from paho.mqtt import client as paho


def client(arguments):
    """A client that reconnects by itself, not connected yet."""
    version = paho.MQTTv5 if arguments.version == "5" else paho.MQTTv311
    made = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=arguments.client_id, protocol=version)
    if arguments.username is not None:
        made.username_pw_set(arguments.username, arguments.password)
    if arguments.ca:
        made.tls_set(ca_certs=arguments.ca, certfile=arguments.cert, keyfile=arguments.key)
    made.reconnect_delay_set(min_delay=1, max_delay=2)
    return made
