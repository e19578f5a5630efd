// MQTTTests: each folder tests the part of MQTT that it is named for.
//
//   Codec/ — packets, properties, filters: bytes alone
//   Session/ — one session on virtual time
//   Connection/ — sockets, threads and real brokers, or servers that lie
//   Retained/ — fetching what a broker retains
//   Fixtures/ — what they share
