import Outbox
import Storage
import TestKit
import Testing

@Suite("OutboxSchema")
struct OutboxSchemaTests {
    @Test("The tables can be made, and the writer's statements fit them")
    func tables() throws {
        let folder = try TemporaryDirectory("outbox")
        let schema = DatabaseSchema(owner: "test", applicationID: "TEST", migrations: [OutboxSchema.sql])
        let database = try Database(path: folder.file("recv.db"), schema: schema)
        _ = try OutboxWriter(database)
        try database.execute(OutboxSchema.removal(of: 3))
    }
}
