package import DatagramEmission
public import Datagrams

/// One physical diode of a link: where its frames go and how they leave.
public struct LinkPath: Sendable {
    public var destination: SocketAddress
    /// The address they come from; nil leaves it to the routing table.
    public var source: SocketAddress?
    /// The network interface they leave by; nil leaves it to the routing table.
    public var interface: String?

    public init(to destination: SocketAddress, from source: SocketAddress? = nil, interface: String? = nil) {
        self.destination = destination
        self.source = source
        self.interface = interface
    }
}

/// All paths of a link: each frame goes over every one of them. The emitter's thread owns it.
package struct LinkPaths: ~Copyable {
    /// What one path has done.
    package struct Report: Sendable, Equatable {
        package var path: String
        package var counters: DatagramEmitter.Counters
        /// Why its last frame was refused; nil when frames flow.
        package var failure: String?
    }

    private final class Box {
        let name: String
        var emitter: DatagramEmitter

        init(_ path: LinkPath) {
            name = path.destination.description
            emitter = DatagramEmitter(to: path.destination, from: path.source, interface: path.interface)
        }
    }

    private let boxes: [Box]

    /// - Parameter paths: at least one.
    init(_ paths: [LinkPath]) {
        precondition(!paths.isEmpty, "a link has a path")
        boxes = paths.map(Box.init)
    }

    /// Emits frames that lie one behind the other over every path.
    /// - Returns: how many of them at least one path took, counted from the first.
    mutating func emit(_ frames: RawSpan, frameBytes: Int) -> Int {
        var most = 0
        for box in boxes { most = max(most, box.emitter.emit(frames, frameBytes: frameBytes)) }
        return most
    }

    var reports: [Report] {
        boxes.map {
            Report(path: $0.name, counters: $0.emitter.counters, failure: $0.emitter.failure?.description)
        }
    }
}
