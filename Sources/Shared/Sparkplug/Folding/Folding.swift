// Folding: the sender's side. It folds births and data into the birth that each edge node would publish now.
//
//   NodeLife.swift — whether an edge node lives, as far as it was heard
//   NodeFold.swift — one edge node: its tables, those of its devices, and whether they are sure
//   RequestThrottle.swift — how often the plant is asked
//   StateFold.swift — all edge nodes: births that would be true now
