// Clients: the scripts of Tests/clients as a test uses them.
//
//   PlantMessage.swift — a message as the scripts write it down
//   PythonClients.swift — publishers and collectors by several libraries, plants, an edge node
//   SparkplugMessage.swift — a Sparkplug message as they write it down, and the values it leaves behind
//   SparkplugClients.swift — edge nodes and hosts by libraries, and a host that judges by the specification
