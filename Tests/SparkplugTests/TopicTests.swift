import Sparkplug
import Testing

@Suite struct TopicTests {
    @Test("an edge node's connection listens for commands to itself and to its devices, and to nothing else")
    func commandFilters() {
        let node = EdgeNodeID(namespace: "spBv1.0", group: Array("Plant 1".utf8), node: Array("Press é".utf8))
        #expect(
            node.commandFilters.map { String(decoding: $0, as: UTF8.self) }
                == ["spBv1.0/Plant 1/NCMD/Press é", "spBv1.0/Plant 1/DCMD/Press é/#"])
    }
}
