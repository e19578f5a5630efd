internal import DiodeProtocol
public import Time

/// Everything that `diode-recv --audit` says.
public struct AuditReport: Hashable, Sendable {
    /// The version of the JSON form.
    public static let schema: Int64 = 1

    public var generatedAt: UnixMilliseconds
    /// What made it: `diode-recv 1.2.3`.
    public var madeBy: String
    public var links: [LinkAudit]

    public init(generatedAt: UnixMilliseconds, madeBy: String, links: [LinkAudit]) {
        self.generatedAt = generatedAt
        self.madeBy = madeBy
        self.links = links
    }

    /// How it is written.
    public enum Format: String, Hashable, Sendable, CaseIterable { case table, json, csv, html }

    /// The report in a form.
    ///
    /// - Parameter width: columns of the terminal, for the table.
    public func text(as format: Format, width: Int = 100) -> String {
        switch format {
        case .table: AuditTable(self, width: width).text
        case .json: jsonText
        case .csv: AuditCSV(self).text
        case .html: AuditPage(self).text
        }
    }
}
