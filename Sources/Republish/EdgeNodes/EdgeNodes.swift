// EdgeNodes: carries out what EdgeNodeProxy decides. Each edge node has a connection and a will of its own.
//
//   EdgeNodeConnection.swift — the connection of one edge node: when it is dialled, whether it stands
//   ProxiedDeliveries.swift — deliveries that EdgeNodeProxy has taken, until they are answered
//   EdgeNodeConnections.swift — all edge nodes of a link: carries out what EdgeNodeProxy decides
