import Account
import DiodeProtocol
import Testing

@testable import ReceiverIT

/// The words of log and status, case by case: a new case needs a line here.
@Suite("The words of log and status")
struct DaemonWordTests {
    /// What every case is called.
    private func words<Value: CaseIterable & Hashable>(
        _: Value.Type, _ word: (Value) -> String
    ) -> [Value: String] {
        Dictionary(uniqueKeysWithValues: Value.allCases.map { ($0, word($0)) })
    }

    @Test("P9 states, causes and reasons have the words that operators search for")
    func words() {
        #expect(
            words(LinkState.self, \.wordInLog) == [
                .online: "online", .degraded: "degraded", .stale: "stale", .offline: "offline",
            ])
        #expect(
            words(Gap.State.self, \.wordInLog) == [
                .open: "open", .healed: "healed", .lost: "lost",
            ])
        #expect(
            words(Gap.Cause.self, \.wordInLog) == [
                .link: "link", .nic: "nic", .socket: "socket", .fec: "fec", .receiverDown: "receiver-down",
                .senderRestart: "sender-restart", .senderQueue: "sender-queue", .authentication: "authentication",
                .version: "version", .unknown: "unknown",
            ])
        #expect(
            words(ShedRun.Reason.self, \.wordInLog) == [
                .oversize: "oversize", .journalFull: "journalFull", .topicLimit: "topicLimit",
                .commitFailed: "commitFailed", .expired: "expired", .malformed: "malformed",
            ])
        #expect(
            words(BrokerDrop.Reason.self, \.wordInLog) == [
                .queueLimit: "queueLimit", .sessionLost: "sessionLost", .restarted: "restarted",
            ])
    }
}
