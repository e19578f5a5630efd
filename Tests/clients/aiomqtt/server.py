"""An aiomqtt client made of the options that all scripts share."""

import aiomqtt


def client(arguments, **more):
    tls = None
    if arguments.ca:
        tls = aiomqtt.TLSParameters(ca_certs=arguments.ca, certfile=arguments.cert, keyfile=arguments.key)
    return aiomqtt.Client(
        arguments.host, arguments.port, username=arguments.username, password=arguments.password,
        identifier=arguments.client_id or None, tls_params=tls, clean_session=None if arguments.version == "5" else True,
        protocol=aiomqtt.ProtocolVersion.V5 if arguments.version == "5" else aiomqtt.ProtocolVersion.V311, **more
    )  # fmt: skip
