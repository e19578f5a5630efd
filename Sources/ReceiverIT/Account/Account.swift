// Account: the values that tracker, store, ledger, audit and status speak of. One type for each concept, no I/O, no clock.
//
//   BoundedSums.swift — sums of numbers from outside, which never end the process
//   Gap.swift — missing records of one epoch: why, since when, and what became of them
//   GapLife.swift — how a gap grows, heals, is lost
//   GapEpisode.swift — gaps of one cause close together, as people are told of them
//   EpochAccount.swift — the double entry of one epoch
//   EpochTotals.swift — the double entry of one epoch as signed numbers that may be subtracted; the epoch's sequences and times
//   LinkTotals.swift — the double entry of one link
//   LinkBalance.swift — the double entry of one link at an instant, as the ledger keeps it
//   Disposition.swift — what finally became of a record that was released, and what shall become of late ones
//   Loss.swift — records that never will be published: where they were lost, and for what reason
//   PathReport.swift — what one path of a link has brought
//   SenderReport.swift — one sender of a link, and whether it speaks for it
//   ClockDifference.swift — the sender's clock against the receiver's, and when that is told
//   Verdict/ — how a link is: state, reason, advice
//   Attribution/ — which topics' records gaps swallowed: exactly, or at most
//   StampText.swift — a stamp as people read it
//   StoredWords.swift — the words of these values in files: database and ledger
