// Configuration: one JSON5 file, read strictly. Which keys there are stands with the sender and the receiver; how a key
// is read, bounded, defaulted and complained about stands here.
//
//   file ─▶ ConfigFile ─▶ ConfigSection: key by key ─▶ values          every key read is noted:
//                              ▲                                        └─▶ the effective configuration
//                         ConfigKind: text → value, allowed range
//
//   ConfigError.swift — which file, place and key, why, and what is allowed
//   ConfigFile.swift — finds, bounds and reads the file
//   ConfigSection.swift — one object of the file: takes its keys and refuses those that nobody took
//   ConfigKind.swift — how a value is written, which values are allowed
//   Values/ — how values are written: numbers with units, paths, addresses, topics
//   BrokerSettings.swift — how a broker is reached, the same on both sides
//   StatusSettings.swift — where the status page listens, the same on both sides
