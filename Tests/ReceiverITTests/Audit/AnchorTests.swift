import Crypto
import DiodeProtocol
import Foundation
import JSON
import Ledger
import Outbox
import Storage
import TestKit
import Testing

@testable import ReceiverIT
import Time
@testable import ReceiverITStore
@testable import ReceiverITCore

@Suite("What the sender signed, in the ledger", .timeLimit(.minutes(2)))
struct AnchorTests {
    private func verify(_ receiver: AuditedReceiver) async throws -> Finished {
        try await receiver.command(["--audit", "--verify"])
    }

    /// What a command said, however it was broken into lines.
    private func words(_ finished: Finished) -> String {
        finished.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// A receiver that stopped with everything published, and a beat that says so.
    private func receiverWithAnchors() async throws -> AuditedReceiver {
        let receiver = try AuditedReceiver()
        try receiver.start()
        // Large enough for several symbols.
        let alarms = (1...6).map { "alarm \($0) " + String(repeating: "x\($0)", count: 60) }
        let beats = [receiver.sender.live(count: 10), receiver.sender.beat { $0.alarms = alarms }]
        try receiver.emit(beats)
        // One transaction keeps one beat: the next must not come before this one is stored.
        #expect(try await eventually { try anchors(receiver).count == 1 })
        try receiver.emit([receiver.sender.live(count: 5), receiver.sender.beat { $0.isDurable = true }])
        #expect(await receiver.waitUntil(sent: 15))
        #expect(await eventually { receiver.link?.beat?.isDurable == true })
        try await receiver.settle(15)
        receiver.stop()
        return receiver
    }

    private func anchors(_ receiver: AuditedReceiver) throws -> [LedgerEntry] {
        let database = try Database(path: receiver.state, schema: StoreSchema.schema, access: .readOnly)
        return try LedgerReader.entries(of: "plant-a", kind: "anchor", in: database)
    }

    @Test("D15 the first beat of an epoch and the newest at a stop are kept, and the card alone verifies them")
    func kept() async throws {
        let receiver = try await receiverWithAnchors()
        let entries = try anchors(receiver)
        #expect(entries.map { $0.json["sequence"]?.integer } == [10, 15])
        let finished = try await verify(receiver)
        #expect(finished.exit == .code(0), "\(finished.output)")
        #expect(finished.output.contains("2 signed beats agree"), "\(finished.output)")
        // The first has long alarms, not compressed.
        #expect(entries.map { $0.body.utf8.count < 500 } == [false, true], "\(entries.map(\.body.utf8.count))")
        // A start without a word of the sender adds none.
        try receiver.start()
        receiver.stop()
        #expect(try anchors(receiver).count == 2)
        // Without the card nobody can say.
        try FileManager.default.removeItem(atPath: receiver.folder.file("plant-a.card"))
        let unchecked = try await verify(receiver)
        #expect(unchecked.exit != .code(5) && words(unchecked).contains("2 signed beats not checked"))
    }

    @Test("D15 a forged or altered anchor is exit 5 with its entry, every hash recomputed")
    func forged() async throws {
        let receiver = try await receiverWithAnchors()
        let rows = try Data(contentsOf: URL(fileURLWithPath: receiver.state))
        let other = try TestSender(seed: 8)
        // Signed by somebody else, under this link's name and under their own.
        let foreign = try signed(other.beat { $0.lastSequence = 10 }, by: other)
        var posing = foreign.bytes
        posing.replaceSubrange(8..<24, with: receiver.sender.card.linkFingerprint.digest.bytes)
        let genuine = try #require(try anchors(receiver).last?.json["signed"]?.text.flatMap(Base64.decode))
        var altered = genuine
        altered[genuine.count - 1] ^= 1
        for (bytes, words) in [
            (posing, "the sender's key did not sign it"), (foreign.bytes, "never paired"),
            (altered, "is not the one that the sender signed"), (Array(genuine.dropLast()), "bytes"),
        ] {
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: receiver.state + suffix) }
            try rows.write(to: URL(fileURLWithPath: receiver.state))
            try receiver.rewriteLedger { entries in
                guard let index = entries.lastIndex(where: { $0.kind == "anchor" }) else { return }
                entries[index].body = entries[index].body.replacingOccurrences(
                    of: Base64.encode(genuine), with: Base64.encode(bytes))
            }
            let finished = try await verify(receiver)
            #expect(finished.exit == .code(5) && finished.output.contains("in entry "), "\(words): \(finished.output)")
            #expect(self.words(finished).contains(words))
        }
    }

    /// A beat as a receiver would keep it.
    private func signed(_ block: TestBlock, by sender: TestSender) throws -> SignedBeat {
        let frame = try #require(try sender.frames(block).first)
        let view = try FrameView(decoding: frame.span.bytes)
        var hasher = SymbolHasher()
        let leaf = hasher.leaf(view.header.binding, view.symbolID, view.symbol)
        let root = hasher.root(view.header.binding, from: leaf, index: view.leafIndex, path: view.path)
        return SignedBeat(
            view.header, root: root, signature: view.signature.withUnsafeBytes { Array($0) },
            packed: Array(block.source.prefix(view.header.packedBytes)))
    }

    @Test("D15 an account that tells less than the sender signed is exit 5, though it balances")
    func account() async throws {
        let receiver = try await receiverWithAnchors()
        let database = try Database(path: receiver.state, schema: StoreSchema.schema)
        try database.execute(
            """
            UPDATE epochs SET frontier_sequence = 12, delivered = 12, announced_sequence = 12, announced_block = 1;
            UPDATE outbox_totals SET records = 12
            """)
        try receiver.signAnew()
        let finished = try await verify(receiver)
        #expect(finished.exit == .code(5), "\(finished.output)")
        #expect(
            words(finished).contains("got to sequence 15"), "\(finished.output)")
        try database.execute("DELETE FROM epochs; UPDATE outbox_totals SET records = 0")
        try receiver.signAnew()
        let gone = try await verify(receiver)
        #expect(gone.exit == .code(5) && words(gone).contains("and gone from the account"), "\(gone.output)")
    }

    @Test("D15 the end of an epoch is kept with the beat that tells it, and the account has to end there")
    func ending() async throws {
        let receiver = try await receiverWithAnchors()
        let sender = receiver.sender
        let old = Beat.EpochSummary(
            epoch: sender.epoch, incarnation: sender.incarnation, firstSequence: SequenceNumber(rawValue: 1),
            // The sender lost its power: the newest five are void.
            lastCommitted: SequenceNumber(rawValue: 10), lastBlock: BlockNumber(rawValue: 1))
        sender.beginEpoch(sender.epoch.rawValue + 1, incarnation: 9)
        try receiver.start()
        try receiver.emit([sender.live(count: 7)])
        #expect(await receiver.waitUntil(sent: 22))
        try receiver.emit([sender.beat { $0.epochs = [old] }])
        #expect(await receiver.waitUntil(sent: 17))
        receiver.stop()
        let kept = try anchors(receiver).map { $0.json["sequence"]?.integer }
        #expect(kept == [10, 15, 7])
        let finished = try await verify(receiver)
        #expect(finished.exit != .code(5), "\(finished.output)")
        let database = try Database(path: receiver.state, schema: StoreSchema.schema)
        try database.execute(
            """
            UPDATE epochs SET frontier_sequence = 11, delivered = 11 WHERE epoch = \(old.epoch.rawValue);
            UPDATE outbox_totals SET records = records + 1
            """)
        try receiver.signAnew()
        let wrong = try await verify(receiver)
        #expect(wrong.exit == .code(5), "\(wrong.output)")
        #expect(
            words(wrong).contains("ended with sequence 10"),
            "\(wrong.output)")
    }

    @Test("D15 anchors are few: with balances, at epochs, and once a minute where gaps are lost")
    func schedule() throws {
        let sender = try TestSender()
        let beat = try signed(sender.beat(), by: sender)
        let said = Beat(
            clock: UnixMilliseconds(rawValue: 1), lastSequence: 0, lastLiveBlock: 0, lastSnapshotBlock: 0,
            periodMilliseconds: 1_000)
        var anchors = Anchors()
        var kept = 0
        let start: UInt64 = 1_763_716_000_000
        for second in 0..<UInt64(3_600) {
            let time = UnixMilliseconds(rawValue: start + second * 1_000)
            anchors.note(Anchors.Candidate(beat: beat, said: said, urgency: second == 5 ? .now : .withinMinute))
            let withBalance = second % 900 == 899
            if !anchors.due(at: time, withBalance: withBalance).isEmpty { kept += 1 }
            anchors.committed(at: time, withBalance: withBalance)
        }
        #expect(60...66 ~= kept, "\(kept)")
        // A quiet hour: the balances alone, and nothing where the sender is silent.
        kept = 0
        for second in 0..<UInt64(3_600) {
            let time = UnixMilliseconds(rawValue: start + 3_600_000 + second * 1_000)
            if second < 1_800 { anchors.note(Anchors.Candidate(beat: beat, said: said, urgency: .withBalance)) }
            let withBalance = second % 900 == 899
            if !anchors.due(at: time, withBalance: withBalance).isEmpty { kept += 1 }
            anchors.committed(at: time, withBalance: withBalance)
        }
        #expect(kept == 2)
    }
}
