// ReadingBack: what stands on the IT broker.
//
//   MessageOrigin.swift — what a message on the IT broker says of where it came from
//   RetainedReader.swift — reads back what the IT broker retains
//   RetainedSweep.swift — deletes what a link that is gone left
