public import Configuration
internal import Control
internal import Glibc
internal import MQTT
public import MQTTProtocol
internal import Threading

/// The checks that both programs make.
extension CheckReport {
    /// Whether the state's folder can be used, and whether a daemon runs on it.
    /// - Returns: whether a daemon runs, whose sockets are then in use by right.
    public mutating func checkState(_ state: FilePath) -> Bool {
        let folder = state.resolved.lastIndex(of: "/").map { String(state.resolved[...$0]) } ?? "."
        guard access(folder, R_OK | W_OK | X_OK) == 0 else {
            fail("state", "\(folder): \(SystemError.last("access").reason)")
            return false
        }
        let isRunning = StateLock.isHeld(state: state.resolved)
        pass("state", state.resolved + (isRunning ? "; a daemon runs on it" : "; no daemon runs on it"))
        return isRunning
    }

    /// How much room the file system of the state has.
    /// - Parameter least: below this the check fails.
    public mutating func checkDisk(_ state: FilePath, least: ByteSize) {
        let folder = state.resolved.lastIndex(of: "/").map { String(state.resolved[...$0]) } ?? "."
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else {
            return fail("disk", "\(folder): \(SystemError.last("statvfs").reason)")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let text = "\(free >> 20)MiB free in \(folder)"
        free >= least.bytes ? pass("disk", text) : fail("disk", "\(text), less than \(least)")
    }

    /// Whether the broker lets us in, and what it speaks.
    /// - Parameter asksForSession: whether it is asked how long it would keep a session.
    /// - Returns: what it granted; nil if it did not let us in.
    @discardableResult
    public mutating func checkBroker(_ broker: BrokerSettings, asksForSession: Bool = false) -> ServerGrant? {
        for caution in BrokerCaution.all(broker) {
            if case .readableByAll = caution {
                fail("broker", caution.description)
            } else {
                note("broker", caution.description)
            }
        }
        let settings: ConnectionSettings
        do throws(BrokerAccessError) { settings = try ConnectionSettings(broker) } catch {
            fail("broker", error.description)
            return nil
        }
        switch BrokerProbe.connect(settings, asksForSession: asksForSession) {
        case .granted(let grant):
            pass("broker", "\(broker.url) speaks MQTT \(grant.version)")
            if grant.version == .v3_1_1 {
                note("broker", "MQTT 3.1.1 hides retain and deletions from subscribers and carries no properties")
            }
            if !grant.retainAvailable { fail("broker", "\(broker.url) keeps no retained messages") }
            return grant
        case .refused(let error): fail("broker", "\(broker.url): \(error)")
        case .silent: fail("broker", "\(broker.url): no answer")
        }
        return nil
    }

    /// The status page, of which this version has none.
    public mutating func checkStatusPage(_ status: StatusSettings?) {
        note("status", status.map { "\($0.listen): no status page in this version; use the status command" } ?? "off")
    }
}
