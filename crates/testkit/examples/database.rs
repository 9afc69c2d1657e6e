//! Makes an empty database on the tests' PostgreSQL server, prints its URL and keeps it until standard
//! input ends. For scripts that start the real program on it.

fn main() {
    let test = testkit::engines::postgres();
    println!("{}", test.postgres_url().unwrap_or_default());
    if let Err(error) = std::io::read_to_string(std::io::stdin()) {
        eprintln!("{error}");
    }
}
