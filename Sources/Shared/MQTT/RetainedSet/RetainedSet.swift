// RetainedSet: fetches all retained messages that match some filters, in slices small enough for the server to answer.
//
//   RetainedSetReport.swift — bounds of a fetch, and what it found
//   SlicePattern.swift — a filter that can be divided
//   RetainedSliceWalk.swift — which filters to subscribe to next
//   AbsenceWalk.swift — asks for single topics that did not show, until their absence is proven
//   RetainedSetFetcher.swift — every retained message, slice by slice
