import Account
import Crypto
import DiodeProtocol
import Outbox
import TestKit
import Testing

@testable import ReceiverIT
@testable import ReceiverITCore

@Suite("BlockAssembler, on the whole core")
struct AssemblyTests {
    @Test("W-18 symbols of different transmissions combine")
    func combine() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let block = sender.live(count: 100)
        let sourceSymbols = block.header.sourceSymbols
        #expect(sourceSymbols >= 4)
        let first = try sender.frames(block)
        let second = try sender.frames(block, transmission: 1, firstSymbol: sourceSymbols + 2)
        link.receive(Array(first.prefix(sourceSymbols / 2)))
        #expect(link.deliveries.isEmpty)
        link.receive(Array(second.prefix(sourceSymbols - sourceSymbols / 2)))
        #expect(link.deliveries.count == 100)
    }

    @Test("W-14 W-19 a signed block that is not what its header says is refused whole", arguments: ["hash", "padding"])
    func corrupt(what: String) throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        var block = sender.live([TestRecord(payload: [UInt8](repeating: 1, count: 702))])
        if what == "hash" {
            block.header.contentHash = Digest16(first: 1, second: 2)
        } else {
            // A record's worth of bytes, of which the header counts all but the last.
            #expect(block.header.packedBytes < block.source.count)
            block.source[block.source.count - 1] = 1
            block.header.contentHash = sender.contentHash(of: block.source, block.header)
        }
        let frames = try sender.frames(header: block.header, source: block.source)
        link.receive(frames)
        #expect(link.core.counters.corruptBlocks == 1 && link.deliveries.isEmpty)
        #expect(link.core.account.sent == 0)
    }

    @Test("W-28 to W-32 signed bytes that are no content are refused whole, and the good block still comes")
    func malformedContent() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let bad = sender.block(.live, number: 1, first: 1, last: 1, plain: [UInt8](repeating: 7, count: 300))
        link.receive(try sender.frames(bad))
        #expect(link.core.counters.malformedContents == 1 && link.deliveries.isEmpty)
        link.receive(try sender.frames(sender.live(count: 1), transmission: 1))
        #expect(link.deliveries.count == 1)
    }

    @Test("W-25 a block that does not unpack is refused")
    func compressed() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        var block = sender.live(count: 50)
        block.header.flags = .compressed
        link.receive(try sender.frames(header: block.header, source: block.source))
        #expect(link.core.counters.corruptBlocks == 1 && link.deliveries.isEmpty)
    }

    @Test("W-27 a sealed block without a key is counted and not accepted")
    func sealed() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        var block = sender.live(count: 50)
        block.header.flags = .sealed
        link.receive(try sender.frames(header: block.header, source: block.source))
        #expect(link.core.counters.sealed == 1 && link.core.account.sent == 0)
    }

    @Test("P8 partly received blocks are bounded; the one begun first is shed, and an echo still heals it")
    func bounded() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card) { $0.assemblyBlocks = 4 }
        let blocks = (0..<6).map { _ in sender.live(count: 50) }
        for block in blocks { link.receive([try sender.frames(block)[0]]) }
        #expect(link.core.occupancy.assemblies == 4)
        #expect(link.core.counters.assembliesShed == 2)
        for block in blocks.reversed() { link.receive(Array(try sender.frames(block, transmission: 1))) }
        #expect(link.deliveries.count == 300 && link.core.occupancy.assemblies == 0)
        #expect(link.core.occupancy.assemblyBytes == 0)
    }

    @Test("P8 their bytes are bounded too")
    func boundedBytes() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card) { $0.assemblyBytes = 20_000 }
        for _ in 0..<50 { link.receive([try sender.frames(sender.live(count: 100))[0]]) }
        #expect(link.core.occupancy.assemblyBytes <= 20_000 && link.core.occupancy.assemblies > 1)
    }

    @Test("W-09 parts of contents that never get whole are bounded, and come again with an echo")
    func partsBounded() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let contents = try (0..<70).map { _ in
            try sender.liveParts(TestRecord(payload: [UInt8](repeating: 1, count: 600)), parts: 2).map {
                try sender.frames($0)
            }
        }
        for content in contents { link.receive(content[0]) }
        #expect(link.core.occupancy.partContents == 64)
        for content in contents.suffix(64) { link.receive(content[1]) }
        #expect(link.core.occupancy.partContents == 0)
        link.pass(.milliseconds(50))
        #expect(link.deliveries.count == 64 && link.core.account.missing == 6)
    }

    @Test(
        "W-24 a block whose numbers contradict its neighbours is refused",
        arguments: [(2, 7, 7), (2, 3, 3), (3, 4, 4), (5, 1, 1)])
    func inconsistent(number: UInt64, first: UInt64, last: UInt64) throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let good = sender.live(count: 4)
        link.receive(try sender.frames(good))
        let record = try TestSender()
        let content = Array(record.live(count: 1).source.prefix(record.live(count: 1).header.packedBytes))
        let bad = sender.block(.live, number: number, first: first, last: last, plain: content)
        link.receive(try sender.frames(bad))
        link.pass(.milliseconds(100))
        #expect(link.core.counters.inconsistent == 1 && link.deliveries.count == 4 && link.isBalanced)
        link.receive(try sender.frames(sender.live(count: 1), transmission: 1))
        #expect(link.sequences == [1, 2, 3, 4, 5])
    }

    @Test("W-24 an epoch begins with sequence 1")
    func firstSequence() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let content = Array(sender.live(count: 1).source.prefix(40))
        _ = content
        let block = sender.live(count: 1)
        var header = block.header
        header.id.block = BlockNumber(rawValue: 1)
        header.contentHash = sender.contentHash(of: block.source, header)
        link.receive(try sender.frames(header: header, source: block.source))
        #expect(link.core.counters.inconsistent == 1 && link.deliveries.isEmpty)
    }
}
