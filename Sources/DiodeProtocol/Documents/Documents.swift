// Documents: the files that people carry between the two sides: link cards and resend bundles.
//
//   Base64.swift — canonical base64
//   CalendarTime.swift — RFC 3339 in UTC
//   CardError.swift — why a file is not a card
//   LinkCard.swift — the public half of a link
//   BundleError.swift — why a file is not a resend bundle
//   ResendBundle.swift — names the blocks that a receiver misses; people carry it to the sender
