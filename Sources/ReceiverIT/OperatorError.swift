internal import DiodeProtocol
public import Storage
public import Time

/// Why nothing of what an operator asked for was done, in one line.
public enum OperatorError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknown(AcknowledgedItem)
    case ambiguous(AcknowledgedItem, links: [String])
    /// Nothing of it is lost for good.
    case notLost(AcknowledgedItem, state: String)
    case already(AcknowledgedItem, by: String, at: UnixMilliseconds)
    case unknownLink(String)
    /// The daemon still receives it.
    case linkInUse(String)
    case notStored(StorageError)
    /// The daemon goes on in memory.
    case notDurable
    /// The daemon did nothing in time.
    case noAnswer

    public var description: String {
        switch self {
        case .unknown(let item): "no \(item) is known here; the audit lists what there is"
        case .ambiguous(let item, let links):
            "several links have a \(item): say which with --link; \(links.joined(separator: ", "))"
        case .notLost(let item, let state): "\(item) is \(state): only what is lost for good is acknowledged"
        case .already(let item, let by, let at): "\(item) was acknowledged by \(by) on \(CalendarTime.text(at))"
        case .unknownLink(let link): "no link \(link) is known here"
        case .linkInUse(let link): "the daemon still receives \(link): restart it without that link first"
        case .notStored(let error): "nothing was changed: \(error)"
        case .notDurable: "nothing was changed: nothing can be stored at the moment, status says why"
        case .noAnswer: "the daemon did not answer in time; ask the audit whether it was done"
        }
    }
}
