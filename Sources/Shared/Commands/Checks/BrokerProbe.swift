public import MQTT
public import MQTTProtocol
internal import Threading

/// Connects to a broker once, with an empty session of its own, and tells what the broker said. A daemon that is
/// connected to the same broker is not disturbed.
public enum BrokerProbe {
    /// What came of it.
    public enum Outcome: Sendable, Equatable {
        case granted(ServerGrant)
        case refused(ConnectionError)
        case silent
    }

    /// - Parameter asksForSession: for one without an end, so that the grant says how long the broker would keep it; it is removed again.
    public static func connect(
        _ settings: ConnectionSettings, asksForSession: Bool = false, timeout: Duration = .seconds(15)
    ) -> Outcome {
        var settings = settings
        // With the daemon's identifier the broker would throw the daemon out.
        settings.clientIdentifier = asksForSession ? "diode-check-\(UInt64.random(in: 0 ... .max))" : ""
        settings.cleanStart = !asksForSession
        settings.sessionExpiry = asksForSession ? .seconds(Int64(UInt32.max)) : .zero
        let outcome = once(settings, timeout)
        guard asksForSession, case .granted = outcome else { return outcome }
        settings.cleanStart = true
        settings.sessionExpiry = .zero
        _ = once(settings, timeout)
        return outcome
    }

    private static func once(_ settings: ConnectionSettings, _ timeout: Duration) -> Outcome {
        var settings = settings
        settings.connectTimeout = .seconds(5)
        settings.responseTimeout = .seconds(5)
        let answer = Lock<Outcome?>(nil)
        do throws(SystemError) {
            let wakeup = try Wakeup()
            let observer = Connection.Observer(
                changed: { state in
                    switch state {
                    case .connected(let grant): answer.withLock { $0 = $0 ?? .granted(grant) }
                    case .disconnected(let error, _): answer.withLock { $0 = $0 ?? .refused(error) }
                    case .connecting, .stopped: return
                    }
                    wakeup.signal()
                }, received: { _ in })
            return try run(settings, observer, until: wakeup, timeout) ?? answer.withLock { $0 ?? .silent }
        } catch { return .refused(.network(error)) }
    }

    /// - Returns: the refusal of settings that cannot work; nil once the observer was told, or the time is over.
    private static func run(
        _ settings: ConnectionSettings, _ observer: Connection.Observer, until wakeup: Wakeup, _ timeout: Duration
    ) throws(SystemError) -> Outcome? {
        let connection: Connection
        do throws(ConnectionError) { connection = try Connection(settings, observer: observer) } catch {
            return .refused(error)
        }
        try connection.start()
        wakeup.wait(timeout: timeout)
        connection.stop()
        return nil
    }
}
