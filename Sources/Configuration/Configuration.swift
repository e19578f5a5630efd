// Configuration: one JSON5 file, read strictly. Which keys there are stands with the sender and the receiver; how a key
// is read, bounded, defaulted and complained about stands here.
//
//   file ─▶ ConfigFile ─▶ ConfigSection: key by key ─▶ values          every key read is noted:
//                              ▲                                        └─▶ the effective configuration
//                         ConfigKind: text → value, allowed range
//
//   1. ConfigError.swift — which file, place and key, why, and what is allowed
//   2. ConfigFile.swift — finds, bounds and reads the file
//   3. ConfigSection.swift — one object of the file: takes its keys and refuses those that nobody took
//   4. ConfigKind.swift — how a value is written, which values are allowed
//   5. Quantity.swift — a number with a unit, as text
//   6. ByteSize.swift — "64MiB"
//   7. BitRate.swift — "800Mbit/s"
//   8. Percentage.swift — "20%"
//   9. MessageRate.swift — "2/s"
//  10. DurationText.swift — "10m"
//  11. FilePath.swift — a path relative to the configuration file
//  12. Endpoint.swift — "127.0.0.1:7400"
//  13. TopicPattern.swift — a topic filter, and whether two can meet
//  14. TopicPrefix.swift — levels before a topic
//  15. BrokerSettings.swift — how a broker is reached, the same on both sides
//  16. StatusSettings.swift — where the status page listens, the same on both sides
