import MQTT
import TestKit
import Testing
import MQTTProtocol

@Suite("Properties keep their order, their duplicates and their bytes")
struct PropertyTests {
    /// Every property that a PUBLISH may have, user properties twice with the same name.
    static let all: [UInt8] = {
        var writer = PropertyWriter()
        writer.append(.topicAlias, 5)
        writer.append(.payloadFormatIndicator, 1)
        writer.appendUser("k", "1")
        writer.append(.subscriptionIdentifier, 268_435_455)
        writer.append(.messageExpiryInterval, 60)
        writer.append(.contentType, "application/json")
        writer.append(.responseTopic, "r/t")
        writer.append(.correlationData, ([0, 255] as [UInt8]).span.bytes)
        writer.appendUser("k", "2")
        writer.append(.subscriptionIdentifier, 1)
        return writer.bytes
    }()

    static func words(_ list: [UInt8]) throws(CodecError) -> [String] {
        var reader = PropertyReader(list.span.bytes)
        var words: [String] = []
        while !reader.isAtEnd {
            let property = try reader.next()
            switch property.id.encoding {
            case .byte, .twoBytes, .fourBytes, .variableByteInteger: words.append("\(property.id)=\(property.number)")
            case .string: words.append("\(property.id)=\(String(utf8: property.bytes))")
            case .binary: words.append("\(property.id)=\(copy(property.bytes))")
            case .stringPair: words.append("\(String(utf8: property.bytes))=\(String(utf8: property.value))")
            }
        }
        return words
    }

    @Test("A list is read in order, duplicates included")
    func order() throws {
        #expect(
            try Self.words(Self.all) == [
                "topicAlias=5", "payloadFormatIndicator=1", "k=1", "subscriptionIdentifier=268435455",
                "messageExpiryInterval=60", "contentType=application/json", "responseTopic=r/t",
                "correlationData=[0, 255]", "k=2", "subscriptionIdentifier=1",
            ])
        try PropertyID.Set.publish.validate(Self.all.span.bytes)
    }

    @Test("P7 what belongs to the hop is left out, everything else keeps order and bytes")
    func endToEnd() throws {
        var writer = PropertyWriter(continuing: [0x26, 0, 1, 0x61, 0, 0])
        try writer.appendEndToEnd(of: Self.all.span.bytes)
        #expect(
            try Self.words(writer.bytes) == [
                "a=", "payloadFormatIndicator=1", "k=1", "messageExpiryInterval=60", "contentType=application/json",
                "responseTopic=r/t", "correlationData=[0, 255]", "k=2",
            ])
        try PropertyID.Set.endToEnd.validate(writer.bytes.span.bytes)
        #expect(throws: CodecError(.unexpectedProperty(.topicAlias), at: 0)) {
            try PropertyID.Set.endToEnd.validate(Self.all.span.bytes)
        }
    }

    @Test("Copying every property as it was encoded gives the list again")
    func encoded() throws {
        var writer = PropertyWriter()
        var reader = PropertyReader(Self.all.span.bytes)
        while !reader.isAtEnd { writer.append(try reader.next()) }
        #expect(writer.bytes == Self.all)
    }

    @Test("Each property of MQTT 5 is written and read with its encoding", arguments: PropertyID.allCases)
    func each(id: PropertyID) throws {
        var writer = PropertyWriter()
        switch id.encoding {
        case .byte, .twoBytes, .fourBytes, .variableByteInteger: writer.append(id, 1)
        case .string, .binary: writer.append(id, "x")
        case .stringPair: writer.appendUser("x", "y")
        }
        let list = writer.bytes
        var reader = PropertyReader(list.span.bytes)
        let property = try reader.next()
        let isSame = property.id == id && (property.number == 1 || copy(property.bytes) == [0x78]) && reader.isAtEnd
        #expect(isSame)
        for count in 1..<list.count {
            #expect(throws: CodecError.self) { _ = try Self.words(Array(list.prefix(count))) }
        }
    }

    @Test("Offsets of errors count from the packet's first byte")
    func offsets() {
        // Fixed header 2, topic 3, property length 1: the second property begins at 6 + 2.
        guard case .refused(let error) = Decoded([0x30, 8, 0, 1, 0x61, 4, 0x01, 1, 0x7F, 0]) else {
            Issue.record("not refused")
            return
        }
        #expect(error == CodecError(.unknownProperty(0x7F), at: 8))
    }
}

@Suite("Strings are what MQTT calls strings")
struct UTF8RulesTests {
    private func isString(_ bytes: [UInt8]) -> Bool { UTF8Rules.isString(bytes.span.bytes) }
    private func isTopic(_ text: String) -> Bool { UTF8Rules.isTopicName(text.utf8.span.bytes) }

    @Test(
        "MQTT-1.5.4 ill-formed UTF-8, surrogates and U+0000 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82],
            [0xF0, 0x9F, 0x98], [0xC3, 0x28], [0], [0xFE], [0xFF],
        ] as [[UInt8]])
    func illFormed(_ bytes: [UInt8]) {
        for padding in 0..<18 {
            let before = [UInt8](repeating: 0x61, count: padding)
            #expect(!isString(before + bytes), "padding \(padding)")
            #expect(!isString(before + bytes + before), "padding \(padding)")
        }
    }

    @Test("Every well-formed text passes, wherever its characters fall")
    func wellFormed() {
        for padding in 0..<18 {
            for text in ["", "a", "ä", "€", "😀", "\u{FEFF}", "\u{1}", "\u{D7FF}\u{E000}", "a€b😀cä"] {
                #expect(isString(Array((String(repeating: "x", count: padding) + text).utf8)))
            }
        }
    }

    @Test("The check agrees with Swift's own on random bytes", arguments: 0..<10)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pool: [UInt8] = [0x61, 0x7F, 0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED, 0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0x00, 0xFF]
        for _ in 0..<3_000 {
            let bytes = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                Bool.random(using: &random) ? 0x61 : pool.randomElement(using: &random) ?? 0
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
            #expect(isString(bytes) == expected, "seed \(seed): \(bytes)")
        }
    }

    @Test("A topic name is not empty, at most 65,535 bytes, and without wildcards")
    func topics() {
        #expect(isTopic("a"))
        #expect(isTopic("/"))
        #expect(isTopic(String(repeating: "a", count: 65_535)))
        #expect(!isTopic(""))
        #expect(!isTopic(String(repeating: "a", count: 65_536)))
        for padding in 0..<18 {
            #expect(!isTopic(String(repeating: "a", count: padding) + "+"))
            #expect(!isTopic(String(repeating: "a", count: padding) + "#bcdefghijk"))
        }
    }
}
