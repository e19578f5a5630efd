@testable import Account
import DiodeProtocol
import JSON
import Ledger
import Testing
import Time

/// The words of database and ledger, case by case: they are read for ever, and the ledger's are hashed. A new case needs a line here.
@Suite("The words in files")
struct StoredWordTests {
    /// What every case is called; each word is read back as its case.
    private func words<Value: StoredWord & Hashable>(_: Value.Type) -> [Value: String] {
        for value in Value.allCases { #expect(Value(storedWord: value.storedWord) == value) }
        #expect(Value(storedWord: "") == nil && Value(storedWord: "new") == nil)
        return Dictionary(uniqueKeysWithValues: Value.allCases.map { ($0, $0.storedWord) })
    }

    @Test("P9 gaps and links")
    func gaps() {
        #expect(
            words(Gap.State.self) == [
                .open: "open", .healed: "healed", .lost: "lost",
            ])
        #expect(
            words(Gap.Healing.self) == [
                .fec: "fec", .echo: "echo", .resend: "resend", .snapshot: "snapshot", .path: "path",
            ])
        #expect(
            words(Gap.Cause.self) == [
                .link: "link", .nic: "nic", .socket: "socket", .fec: "fec", .receiverDown: "receiver-down",
                .senderRestart: "sender-restart", .senderQueue: "sender-queue", .authentication: "authentication",
                .version: "version", .unknown: "unknown",
            ])
        #expect(
            words(LinkState.self) == [
                .online: "online", .degraded: "degraded", .stale: "stale", .offline: "offline",
            ])
    }

    @Test("P9 layers and reasons")
    func reasons() {
        #expect(
            words(LossLayer.self) == [
                .otBroker: "ot-broker", .policy: "policy", .sender: "sender", .outbox: "outbox", .itBroker: "it-broker",
                .gap: "gap",
            ])
        #expect(
            words(BrokerDrop.Reason.self) == [
                .queueLimit: "queue-limit", .sessionLost: "session-lost", .restarted: "restarted",
            ])
        #expect(
            words(ShedRun.Reason.self) == [
                .oversize: "oversize", .journalFull: "journalFull", .topicLimit: "topicLimit",
                .commitFailed: "commitFailed", .expired: "expired", .malformed: "malformed",
            ])
        #expect(
            words(ShedReason.self) == [
                .outboxFull: "outbox_full", .late: "late", .tooFast: "too_fast", .expired: "expired",
                .stopped: "stopped", .damaged: "damaged", .unborn: "unborn",
            ])
        #expect(
            words(DeadLetterReason.self) == [
                .refused: "refused", .tooLarge: "too_large", .foreignTopic: "foreign_topic", .nameTaken: "name_taken",
                .topicTooLong: "topic_too_long", .reservedTopic: "reserved_topic",
                .sparkplugCommand: "sparkplug_command", .sparkplugUnreadable: "sparkplug_unreadable",
                .invalid: "invalid",
            ])
    }

    @Test("P9 the layer and the reason of a loss stand for its cause alone, and what became of a record has one word")
    func pairs() {
        #expect(
            LossCause.allCases.count
                == BrokerDrop.Reason.allCases.count + ShedRun.Reason.allCases.count + ShedReason.allCases.count
                + DeadLetterReason.allCases.count + Gap.Cause.allCases.count + 1)
        for cause in LossCause.allCases {
            #expect(LossCause(storedLayer: cause.layer.storedWord, reason: cause.storedReason) == cause)
            guard let end = cause.disposition else { continue }
            #expect(Disposition(storedWord: end.storedWord) == end && LossCause(end) == cause)
        }
        #expect(LossCause(storedLayer: "sender", reason: "outbox_full") == nil)
        #expect(LossCause(storedLayer: "sender", reason: "no_last_word") == .unsaid)
        for end in [Disposition.published, .folded] {
            #expect(Disposition(storedWord: end.storedWord) == end && LossCause(end) == nil)
        }
        #expect(Disposition.dead(.tooLarge).storedWord == "dead.too_large")
        #expect(Disposition.shed(.outboxFull).storedWord == "shed.outbox_full")
    }

    @Test("P9 the entry of a gap is what it was, byte for byte")
    func entry() {
        let gap = Gap(
            id: 12, epoch: Epoch(rawValue: 7), firstSequence: SequenceNumber(rawValue: 400),
            lastSequence: SequenceNumber(rawValue: 409), firstBlock: BlockNumber(rawValue: 40),
            lastBlock: BlockNumber(rawValue: 41), openedAt: UnixMilliseconds(rawValue: 1), cause: .receiverDown,
            closedAt: UnixMilliseconds(rawValue: 2), healedBy: .echo, missing: 0, lost: 0)
        // What entries of earlier releases say, and what came to it.
        let body =
            #"{"gap":12,"epoch":7,"first_sequence":400,"last_sequence":409,"state":"healed","missing":0,"lost":0,"cause":"receiver-down","healed_by":"echo","#
            + #""first_block":40,"last_block":41,"opened_at":1,"closed_at":2,"source_from":null,"source_to":null}"#
        let one = GapStatement.body(of: [gap], cause: .receiverDown).line
        let two = GapStatement.body(of: [gap, gap], cause: .receiverDown).line
        #expect(one.filter { $0 != " " } == body)
        #expect(two.filter { $0 != " " } == #"{"cause":"receiver-down","runs":[\#(body),\#(body)]}"#)
    }
}
