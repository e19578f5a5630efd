// Start: what a sender begins with.
//
//   SenderStart.swift — opens the database, reserves the epoch, reads what earlier lifetimes left
//   EpochReservation.swift — begins an epoch above all before, on disk before anything is sent under it
//   JournalRestoration.swift — what earlier lifetimes left
//   JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//   EchoRestoration.swift — continues the echo schedule where the last process left it
