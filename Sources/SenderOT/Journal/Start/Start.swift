// Start: what a sender begins with.
//
//   SenderStart.swift — opens the database and begins
//   EpochReservation.swift — begins an epoch above all before, on disk before it is used
//   JournalRestoration.swift — what earlier lifetimes left
//   JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//   EchoRestoration.swift — the echo schedule goes on where it was
