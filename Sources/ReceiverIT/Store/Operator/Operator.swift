// Operator: what people ask the store to do, each with an entry in the ledger.
//
//   Acknowledgement.swift — what somebody accepts as lost
//   AcknowledgementTable.swift — writes and reads it
//   LinkRemoval.swift — what goes with a link that is gone
//   OperatorError.swift — why nothing of what an operator asked for was done
