import TestKit
import Testing

/// D19 on the real pair: status, the retained status, the log and the audit say one thing of each incident, with a reason and a next step;
/// and docs/OPERATIONS.md says the same.
@Suite("Incidents", .serialized, .timeLimit(.minutes(3)))
struct IncidentTests {
    /// So many pairs at once: each has its own brokers, ports and folders, and most of the time waits.
    private static let width = 4

    @Test("P9 the table of incidents has a row for each of them, and no other")
    func names() throws {
        #expect(try IncidentTable().rows.map(\.name).sorted() == Incident.all.map(\.name).sorted())
    }

    @Test("P9 status, retained status, log and audit say one verdict, one reason and one next step of each incident")
    func oneVerdict() async throws {
        let rows = Dictionary(uniqueKeysWithValues: try IncidentTable().rows.map { ($0.name, $0) })
        await withTaskGroup(of: Void.self) { group in
            for (index, incident) in Incident.all.enumerated() {
                if index >= Self.width { await group.next() }
                guard let row = rows[incident.name] else { continue }
                group.addTask {
                    do { try await Self.judge(incident, by: row) } catch {
                        Issue.record("\(incident.name): \(error)")
                    }
                }
            }
        }
    }

    private static func judge(_ incident: Incident, by row: IncidentTable.Row) async throws {
        let plant = try await IncidentPlant(try await incident.order())
        try await incident.happens(plant)
        var difference: String? = "nothing was said"
        _ = await eventually(.seconds(20)) {
            do { difference = try await plant.difference(from: row) } catch { difference = "\(error)" }
            return difference == nil
        }
        #expect(difference == nil, "\(incident.name): \(difference ?? "")")
        guard let mend = incident.isMended else { return }
        try await mend(plant)
        _ = await eventually(.seconds(30)) {
            do { difference = try await plant.trouble() } catch { difference = "\(error)" }
            return difference == nil
        }
        #expect(difference == nil, "\(incident.name), mended: \(difference ?? "")")
    }
}
