// MQTTTests: the codec on bytes, the session on virtual time, the connection on real brokers.
