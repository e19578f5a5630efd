// RetainedSet: fetches all retained messages that match some filters, in slices small enough for the server to answer.
//
//   RetainedSetReport.swift — bounds of a fetch, and what it found
//   SlicePattern.swift — a filter that can be divided
//   RetainedSliceWalk.swift — which filters to subscribe to next
//   RetainedSetFetcher.swift — every retained message, slice by slice
