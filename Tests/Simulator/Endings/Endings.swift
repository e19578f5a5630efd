// Endings: sender lives that end in every way (stop, kill, loss of power, database deleted, an older copy put back) over a link that is cut now
// and then, and a naive model of what may be called well (P1).
//
//   EndingModel.swift — what was acknowledged, and what of it is accounted for
//   EndingHistory.swift — lives through a script of such lives
