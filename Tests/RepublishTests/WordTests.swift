import Account
import Testing

@testable import Republish

/// The words on the IT broker (C5), case by case: a new case needs a line here.
@Suite("The words on the IT broker")
struct BrokerWordTests {
    /// What every case is called.
    private func words<Value: CaseIterable & Hashable>(
        _: Value.Type, _ word: (Value) -> String
    ) -> [Value: String] {
        Dictionary(uniqueKeysWithValues: Value.allCases.map { ($0, word($0)) })
    }

    @Test("C5 states, causes and healings have the words of the contract")
    func words() {
        #expect(
            words(LinkState.self, \.wordOnBroker) == [
                .online: "online", .degraded: "degraded", .stale: "stale", .offline: "offline",
            ])
        #expect(
            words(Gap.State.self, \.wordOnBroker) == [
                .open: "open", .healed: "healed", .lost: "lost",
            ])
        #expect(
            words(Gap.Healing.self, \.wordOnBroker) == [
                .fec: "fec", .echo: "echo", .resend: "resend", .snapshot: "snapshot", .path: "path",
            ])
        #expect(
            words(Gap.Cause.self, \.wordOnBroker) == [
                .link: "link", .nic: "nic", .socket: "socket", .fec: "fec", .receiverDown: "receiver-down",
                .senderRestart: "sender-restart", .senderQueue: "sender-queue", .authentication: "authentication",
                .version: "version", .unknown: "unknown",
            ])
    }
}
