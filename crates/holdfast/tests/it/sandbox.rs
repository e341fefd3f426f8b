//! The gateway's own process and what it cannot open (S31): the real binary, the real kernel, a file that anybody may read.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ed25519_dalek::SigningKey;

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(data: &Path) -> Killed {
    let dir = data.join("gateway");
    std::fs::create_dir_all(&dir).unwrap();
    let key = SigningKey::from_bytes(&[3; 32]);
    std::fs::write(dir.join("snapshot.pub"), hex::encode(key.verifying_key().to_bytes())).unwrap();
    let spool = age::x25519::Identity::generate().to_public().to_string();
    std::fs::write(dir.join("spool.pub"), spool).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.arg("gateway").arg("--dir").arg(&dir).args(["--dns", "127.0.0.1:0", "--proxy", "127.0.0.1:0"]);
    command.args(["--upstream", "127.0.0.1:9"]).arg("--lists").arg(data.join("lists/lists.compiled"));
    Killed(command.stdin(Stdio::null()).spawn().unwrap())
}

async fn status(data: &Path) -> gateway::status::Status {
    for _ in 0..600 {
        if let Ok(status) = gateway::status::read(&data.join("gateway")) {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the gateway did not start");
}

#[tokio::test]
async fn the_gateways_process_cannot_open_the_records_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(data.path().join("lists")).unwrap();
    std::fs::write(data.path().join(store::db::FILE), b"what anybody of this user could read").unwrap();
    let gateway = start(data.path());
    let found = status(data.path()).await;
    assert_eq!(found.sandbox, gateway::status::Sandbox::Shut, "this machine's kernel has Landlock");
    // Not by its own word alone: the kernel says of the process that it cannot gain rights again.
    let kernel = std::fs::read_to_string(format!("/proc/{}/status", gateway.0.id())).unwrap();
    assert!(kernel.lines().any(|line| line == "NoNewPrivs:\t1"), "{kernel}");
    // It still works in its own folder: its status goes on being written.
    let later = || async {
        for _ in 0..300 {
            if status(data.path()).await.at > found.at {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    };
    assert!(later().await, "it goes on writing in its own folder");
}
