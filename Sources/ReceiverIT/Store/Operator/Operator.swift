// Operator: what people ask the store to do, each with an entry in the ledger.
//
//   Acknowledgement.swift — what somebody accepts as lost
//   AcknowledgementTable.swift — writes and reads acknowledgements
//   LinkRemoval.swift — deletes the database's rows of a link that is no longer configured
//   OperatorError.swift — why nothing of what an operator asked for was done
