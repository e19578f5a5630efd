// Extremes: signed statements whose numbers the wire allows and no sender has, through core, database, ledger and all forms of the audit.
//
//   ExtremeSender.swift — signs blocks with any numbers
//   ExtremeHistory.swift — lives through a script of such statements, and checks that nothing sticks
