// Senders: two senders of one link, each with a card of its own, of which one speaks, or both, or neither (ADR 0033).
//
//   SenderSide.swift — one of the two: its core, its journal, its key
//   SenderHistory.swift — lives through a history of takeovers, contests and crashes
//   SenderModel.swift — what was said, what is shown, and who has the lease
