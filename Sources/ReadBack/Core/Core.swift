// Core: the conversation and the comparison as state machines. No I/O, no clock, no thread.
//
//   RetainedValue.swift — a retained value as the IT broker returned it
//   RetainedExpectations.swift — what the broker can be expected to retain
//   ReadBackConversation.swift — who has said what, and whose turn it is
//   RetainedComparison.swift — what a reading has found, and what is to be repaired
