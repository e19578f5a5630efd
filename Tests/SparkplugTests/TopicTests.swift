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

    @Test(
        "A topic is an edge node's if it has exactly the levels of its type, none of them empty",
        arguments: [
            ("spBv1.0/g/NBIRTH/n", true), ("spBv1.0/g/DDATA/n/d", true), ("spBv1.0/Werk Süd/NDEATH/ä 1", true),
            ("spBv1.0/g/DDEATH/n/NBIRTH", true), ("spBv1.0/g/NBIRTH/n/d", false), ("spBv1.0/g/DBIRTH/n", false),
            ("spBv1.0/g/DBIRTH/n/d/e", false), ("spBv1.0//NBIRTH/n", false), ("spBv1.0/g/NBIRTH/", false),
            ("spBv1.0/g/DDATA/n/", false), ("spBv1.0/g/nbirth/n", false), ("spAv1.0/g/NBIRTH/n", false),
            ("spBv1.0/g/NCMD/n", false), ("spBv1.0/g/DCMD/n/d", false), ("spBv1.0/STATE/host", false),
            ("/spBv1.0/g/NBIRTH/n", false), ("spBv1.0", false), ("", false),
        ])
    func grammar(topic: String, isEdgeMessage: Bool) {
        let bytes = Array(topic.utf8)
        #expect(EdgeNodeProxy(EdgeNodeProxy.Settings()).isEdgeMessage(bytes.span.bytes) == isEdgeMessage)
    }

    @Test("a later version's namespace is a matter of configuration")
    func namespaces() {
        var settings = EdgeNodeProxy.Settings()
        let topic = Array("spCv4.0/G/NBIRTH/N".utf8)
        let before = EdgeNodeProxy(settings).isEdgeMessage(topic.span.bytes)
        settings.namespaces.append("spCv4.0")
        let after = EdgeNodeProxy(settings).isEdgeMessage(topic.span.bytes)
        #expect(!before && after)
    }

    @Test("two spellings of one letter are two nodes, as they are for a broker")
    func spellings() {
        let composed = EdgeNodeID(namespace: "spBv1.0", group: Array("G".utf8), node: Array("\u{E9}".utf8))
        let decomposed = EdgeNodeID(namespace: "spBv1.0", group: Array("G".utf8), node: Array("e\u{301}".utf8))
        #expect(composed != decomposed)
    }
}
