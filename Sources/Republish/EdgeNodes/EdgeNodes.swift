// EdgeNodes: carries out what EdgeNodeProxy decides. Each edge node has a connection and a will of its own.
//
//   LinkHearing.swift — whether a link that was silent is whole again
//   DialBudget.swift — how fast connections are made, and in which order
//   EdgeNodeConnection.swift — the connection of one edge node: when it is dialled, whether it stands
//   EdgeNodeDialer.swift — opens it: identifier, will, room for what waits
//   ProxiedDeliveries.swift — deliveries that EdgeNodeProxy has taken, until they are answered
//   EdgeNodeConnections.swift — all edge nodes of a link: carries out what EdgeNodeProxy decides
