// Values: how a key's value is written: a number with a unit, a path, an address, a topic.
//
//   Quantity.swift — a number with a unit, as text
//   ByteSize.swift — "64MiB"
//   BitRate.swift — "800Mbit/s"
//   Percentage.swift — "20%"
//   MessageRate.swift — "2/s"
//   DurationText.swift — "10m"
//   FilePath.swift — a path relative to the configuration file
//   Endpoint.swift — "127.0.0.1:7400"
//   TopicPattern.swift — a topic filter, and whether two can meet
//   TopicPrefix.swift — levels before a topic
