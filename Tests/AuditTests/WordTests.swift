@testable import Account
@testable import Audit
import DiodeProtocol
import JSON
import Testing

/// The words of the contract (C4), case by case: a new case needs a line here.
@Suite("The words of an audit")
struct AuditWordTests {
    /// What every case is called.
    private func words<Value: CaseIterable & Hashable>(
        _: Value.Type, _ word: (Value) -> String
    ) -> [Value: String] {
        Dictionary(uniqueKeysWithValues: Value.allCases.map { ($0, word($0)) })
    }

    @Test("P9 states, healings and causes of gaps have the words of the contract")
    func gaps() {
        #expect(
            words(Gap.State.self, \.wordInAudit) == [
                .open: "open", .healed: "healed", .lost: "lost",
            ])
        #expect(
            words(Gap.Healing.self, \.wordInAudit) == [
                .fec: "fec", .echo: "echo", .resend: "resend", .snapshot: "snapshot", .path: "path",
            ])
        #expect(
            words(Gap.Cause.self, \.wordInAudit) == [
                .link: "link", .nic: "nic", .socket: "socket", .fec: "fec", .receiverDown: "receiver-down",
                .senderRestart: "sender-restart", .senderQueue: "sender-queue", .authentication: "authentication",
                .version: "version", .unknown: "unknown",
            ])
    }

    @Test("P9 layers and reasons of losses have the words of the contract")
    func losses() {
        #expect(
            words(LossLayer.self, \.wordInAudit) == [
                .otBroker: "ot-broker", .policy: "policy", .sender: "sender", .outbox: "outbox", .itBroker: "it-broker",
                .gap: "gap",
            ])
        #expect(
            words(BrokerDrop.Reason.self, \.wordInAudit) == [
                .queueLimit: "queue-limit", .sessionLost: "session-lost", .restarted: "restarted",
            ])
        #expect(
            words(ShedRun.Reason.self, \.wordInAudit) == [
                .oversize: "oversize", .journalFull: "journalFull", .topicLimit: "topicLimit",
                .commitFailed: "commitFailed", .expired: "expired", .malformed: "malformed",
            ])
        #expect(
            words(ShedReason.self, \.wordInAudit) == [
                .outboxFull: "outbox_full", .late: "late", .tooFast: "too_fast", .expired: "expired",
                .stopped: "stopped", .damaged: "damaged", .unborn: "unborn",
            ])
        #expect(
            words(DeadLetterReason.self, \.wordInAudit) == [
                .refused: "refused", .tooLarge: "too_large", .foreignTopic: "foreign_topic", .nameTaken: "name_taken",
                .topicTooLong: "topic_too_long", .reservedTopic: "reserved_topic",
                .sparkplugCommand: "sparkplug_command", .sparkplugUnreadable: "sparkplug_unreadable",
                .invalid: "invalid",
            ])
    }

    @Test("P9 JSON and CSV tell layer and reason of every cause of a loss, and of every cause of a gap")
    func forms() throws {
        for cause in LossCause.allCases {
            var link = LinkAudit(link: "plant-a", fingerprint: "SHA256:x")
            link.losses = [AuditSamples.loss(cause, records: 3)]
            let report = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: [link])
            let json = try #require(report.json["links"]?.elements?.first?["losses"]?.elements?.first)
            let (layer, reason) = (cause.layer.wordInAudit, cause.reasonInAudit)
            #expect(json["layer"]?.text == layer && json["reason"]?.text == reason)
            let row = report.text(as: .csv).split(separator: "\r\n").first { $0.hasPrefix("plant-a,loss,") }
            #expect(row?.hasPrefix("plant-a,loss,\(layer),") == true && row?.hasSuffix(",\(reason)") == true)
        }
    }
}
