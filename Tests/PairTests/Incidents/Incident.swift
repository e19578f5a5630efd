import TestKit

/// Something that an operator may meet: how it comes about, and, where that takes seconds, how it ends.
struct Incident: Sendable {
    /// As the table of docs/OPERATIONS.md calls it.
    let name: String
    var order: @Sendable () async throws -> IncidentPlant.Order = { IncidentPlant.Order() }
    let happens: @Sendable (IncidentPlant) async throws -> Void
    /// Puts it right; then all is well. nil: it is not tried.
    var isMended: (@Sendable (IncidentPlant) async throws -> Void)?

    static let all = ofTheLink + ofDisks + ofBrokers + ofDatabases + ofSenders
}
