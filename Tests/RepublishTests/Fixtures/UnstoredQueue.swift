import Account
import Deliveries
import DiodeProtocol
import Outbox
import Storage
import Threading

/// A queue whose transactions all fail, so that what comes is in memory alone.
final class UnstoredQueue: Sendable {
    let queue: DeliveryQueue

    init(bytes: Int) throws(SystemError) {
        queue = try DeliveryQueue(
            link: 0, limits: .init(bytes: bytes),
            database: OutboxDatabase(
                path: "/nonexistent/recv.db",
                schema: DatabaseSchema(owner: "test", applicationID: "TEST", migrations: [])))
    }

    var output: OutboxOutput { queue.mqtt }

    /// Deliveries come, each as a unit.
    /// - Returns: what was shed to make room, if anything.
    @discardableResult
    func append(_ batch: [Delivery]) -> Loss? {
        queue.stage(
            batch.map {
                DeliveryUnit(
                    content: [], epoch: $0.stamp.epoch, firstSequence: $0.stamp.sequence, sequences: 1, deliveries: [$0]
                )
            })
        let before = output.losses
        queue.failed()
        return output.losses == before ? nil : output.losses.first
    }

    func close() -> Loss? { queue.close().first?.losses.first }
}
