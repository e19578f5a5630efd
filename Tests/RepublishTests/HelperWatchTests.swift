import MQTT
import MQTTProtocol
import Sparkplug
import Testing
import Threading
import Time

@testable import Republish

@Suite("HelperWatch")
struct HelperWatchTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    private let grant = ServerGrant(
        version: .v5, sessionPresent: false, clientIdentifier: "c", keepAliveSeconds: 30, sessionExpirySeconds: 0)

    private func at(_ milliseconds: Int64) -> MonotonicInstant { start.advanced(by: .milliseconds(milliseconds)) }

    private func node(_ name: String) -> HelperWatch.Helper {
        .node(EdgeNodeID(namespace: "spBv1.0", group: Array("g".utf8), node: Array(name.utf8)))
    }

    @Test("P9 the end of the one connection may be heard before the beginning of the other")
    func endFirst() {
        var watch = HelperWatch()
        var isFound = false
        for round in 0..<3 {
            let time = Int64(round) * 1_000
            _ = watch.connected(now: at(time))
            let isEarly = watch.lost(.closedByServer, now: at(time + 40))
            isFound = watch.helper(.reader, .connected(grant), now: at(time + 41))
            #expect(!isEarly && isFound == (round == 2))
            _ = watch.helper(.reader, .stopped, now: at(time + 42))
        }
        #expect(isFound && watch.areDisplaced)
    }

    @Test(
        "P9 connections that end each other without a word are found out, with several helpers too, and helpers try again later"
    )
    func displaced() {
        var watch = HelperWatch()
        var isFound = false
        for round in 0..<3 where !isFound {
            let time = Int64(round) * 1_000
            _ = watch.connected(now: at(time))
            _ = watch.helper(node("a"), .connected(grant), now: at(time + 5))
            isFound = watch.lost(.closedByServer, now: at(time + 6))
            _ = watch.helper(node("b"), .connected(grant), now: at(time + 7))
            isFound =
                watch.helper(node("a"), .disconnected(.closedByServer, retry: .zero), now: at(time + 8)) || isFound
            // The publisher's next connection ends the helper that was left.
            _ = watch.helper(node("b"), .stopped, now: at(time + 300))
        }
        #expect(isFound && watch.areDisplaced)
        let isEarly = watch.retry(now: at(60_000))
        #expect(!isEarly && watch.deadline != nil)
        let isDue = watch.retry(now: at(3_600_000))
        #expect(isDue && !watch.areDisplaced)
    }

    @Test(
        "P9 a network that fails ends all connections, and a record ends one of two that have stood side by side, and a broker closes at what a helper asks for: none is a displacement"
    )
    func otherEnds() {
        var network = HelperWatch()
        var record = HelperWatch()
        var reader = HelperWatch()
        _ = reader.connected(now: at(0))
        _ = record.helper(node("a"), .connected(grant), now: at(0))
        for round in 0..<20 {
            let time = Int64(round) * 3_000
            _ = network.connected(now: at(time))
            _ = network.helper(node("a"), .connected(grant), now: at(time + 100))
            let isMain = network.lost(.closedByServer, now: at(time + 500))
            let isNode = network.helper(node("a"), .disconnected(.closedByServer, retry: .zero), now: at(time + 510))
            #expect(!isMain && !isNode)
            _ = record.connected(now: at(time))
            for each in 0..<3 {
                _ = reader.helper(.reader, .connected(grant), now: at(time + Int64(each) * 200 + 10))
                let end = ConnectionState.disconnected(.closedByServer, retry: .zero)
                let isReader = reader.helper(.reader, end, now: at(time + Int64(each) * 200 + 20))
                #expect(!isReader)
            }
            let isRecord = record.lost(.closedByServer, now: at(time + 2_500))
            #expect(!isRecord)
        }
    }
}
