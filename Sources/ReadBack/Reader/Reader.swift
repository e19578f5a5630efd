// Reader: the publisher's end of read-back.
//
//   MessageOrigin.swift — what a message on the IT broker says of where it came from
//   RetainedReader.swift — reads what the IT broker retains, once
//   BrokerReading.swift — when to read
