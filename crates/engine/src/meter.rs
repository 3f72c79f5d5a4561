//! A waPC host that counts what a guest does, under a clock that its caller sets.
//!
//! [`crate::policy`] is the engine that PolicyServer has, with the machine's clock; this one is for what
//! has to come out the same every time: the instructions of a call, its memory, an answer on a given day.

use std::sync::Arc;

use anyhow::{Context, ensure};
use wasmtime::{Cache, Caller, Config, Engine, Extern, InstancePre, Linker, Memory, Module, Store};

use crate::host::HostCalls;

/// What a guest exports to be called first; which of them, its compiler decides.
const STARTS: [&str; 3] = ["_initialize", "_start", "wapc_init"];

/// A compiled guest.
pub struct Meter {
    guest: InstancePre<Call>,
}

/// What a call of a guest came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered {
    /// The answer's bytes.
    pub answer: Vec<u8>,
    /// The instructions, from the start of the instance to the end of the call.
    pub instructions: u64,
    /// The memory that the instance has at its end, in bytes: a guest's memory never shrinks.
    pub memory: usize,
    /// How often the guest read the clock.
    pub clock_reads: usize,
}

/// One call of the guest.
struct Call {
    function: &'static str,
    payload: Vec<u8>,
    host: Arc<dyn HostCalls>,
    /// What the host said to the guest's last question.
    said: Result<Vec<u8>, String>,
    answer: Vec<u8>,
    clock: Clock,
    clock_reads: usize,
}

/// What the clock says: nanoseconds since 1970-01-01 00:00:00 UTC, or WASI's number of an error.
pub type Clock = Result<u64, u32>;

impl Meter {
    /// Compiles the module.
    pub fn load(wasm: &[u8]) -> anyhow::Result<Self> {
        // Without a cache, where there is no folder for one, the module is compiled again.
        let engine = Engine::new(Config::new().consume_fuel(true).cache(Cache::from_file(None).ok()))?;
        let module = Module::new(&engine, wasm)
            .map_err(anyhow::Error::from)
            .context("cannot load the policy as a WebAssembly module")?;
        let guest = wapc_host(&engine, &module)?.instantiate_pre(&module)?;
        Ok(Self { guest })
    }

    /// Calls `validate` of a new instance.
    ///
    /// # Errors
    ///
    /// The guest traps, or answers that it failed.
    pub fn validate(&self, clock: Clock, payload: &[u8], host: Arc<dyn HostCalls>) -> anyhow::Result<Metered> {
        self.call("validate", clock, payload, host)
    }

    /// Calls a function of a new instance.
    ///
    /// # Errors
    ///
    /// The guest traps, or answers that it failed.
    pub fn call(
        &self,
        function: &'static str,
        clock: Clock,
        payload: &[u8],
        host: Arc<dyn HostCalls>,
    ) -> anyhow::Result<Metered> {
        let length = u32::try_from(payload.len())?;
        let payload = payload.to_vec();
        let call = Call { function, payload, host, said: Ok(Vec::new()), answer: Vec::new(), clock, clock_reads: 0 };
        let mut store = Store::new(self.guest.module().engine(), call);
        store.set_fuel(u64::MAX)?;
        let guest = self.guest.instantiate(&mut store)?;
        for start in STARTS {
            if let Ok(function) = guest.get_typed_func::<(), ()>(&mut store, start) {
                function.call(&mut store, ())?;
            }
        }
        let guest_call = guest.get_typed_func::<(u32, u32), u32>(&mut store, "__guest_call")?;
        let succeeded = guest_call.call(&mut store, (u32::try_from(function.len())?, length))?;
        ensure!(succeeded == 1, "the guest failed");
        let memory = guest.get_memory(&mut store, "memory").map_or(0, |memory| memory.data_size(&store));
        let instructions = u64::MAX - store.get_fuel()?;
        let Call { answer, clock_reads, .. } = store.into_data();
        Ok(Metered { answer, instructions, memory, clock_reads })
    }
}

/// The functions of the waPC protocol, and of WASI the clock and randomness; whatever else the guest calls is a trap.
fn wapc_host(engine: &Engine, module: &Module) -> wasmtime::Result<Linker<Call>> {
    let mut linker = Linker::new(engine);
    wasi(&mut linker)?;
    linker.func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, Call>, function: u32, payload: u32| {
        let Call { function: name, payload: bytes, .. } = caller.data();
        let (name, bytes) = (*name, bytes.clone());
        write(&mut caller, function, name.as_bytes())?;
        write(&mut caller, payload, &bytes)
    })?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, Call>, start: u32, length: u32| {
        caller.data_mut().answer = read(&mut caller, start, length)?;
        Ok(())
    })?;
    linker.func_wrap("wapc", "__host_call", host_call)?;
    linker.func_wrap("wapc", "__host_response_len", |caller: Caller<'_, Call>| said(&caller).len() as u32)?;
    linker.func_wrap("wapc", "__host_response", |mut caller: Caller<'_, Call>, start: u32| {
        let bytes = said(&caller);
        write(&mut caller, start, &bytes)
    })?;
    linker.func_wrap("wapc", "__host_error_len", |caller: Caller<'_, Call>| said(&caller).len() as u32)?;
    linker.func_wrap("wapc", "__host_error", |mut caller: Caller<'_, Call>, start: u32| {
        let bytes = said(&caller);
        write(&mut caller, start, &bytes)
    })?;
    linker.define_unknown_imports_as_traps(module)?;
    Ok(linker)
}

/// What the guest may ask of WASI: the clock that the call sets, and numbers.
fn wasi(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "clock_time_get",
        |mut caller: Caller<'_, Call>, _id: u32, _precision: u64, start: u32| {
            caller.data_mut().clock_reads += 1;
            match caller.data().clock {
                Ok(nanoseconds) => write(&mut caller, start, &nanoseconds.to_le_bytes()).map(|()| 0),
                Err(error) => Ok(error),
            }
        },
    )?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "random_get",
        |mut caller: Caller<'_, Call>, start: u32, length: u32| {
            // The same every time: the order of a table must not change a count.
            write(&mut caller, start, &vec![7; length as usize])?;
            Ok(0_u32)
        },
    )?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the waPC protocol has them")]
fn host_call(
    mut caller: Caller<'_, Call>,
    binding: u32,
    binding_length: u32,
    namespace: u32,
    namespace_length: u32,
    operation: u32,
    operation_length: u32,
    payload: u32,
    payload_length: u32,
) -> wasmtime::Result<u32> {
    let mut text = |start, length| Ok::<_, wasmtime::Error>(String::from_utf8(read(&mut caller, start, length)?)?);
    let binding = text(binding, binding_length)?;
    let namespace = text(namespace, namespace_length)?;
    let operation = text(operation, operation_length)?;
    let payload = read(&mut caller, payload, payload_length)?;
    let said = caller.data().host.call(&binding, &namespace, &operation, &payload);
    let is_ok = said.is_ok();
    caller.data_mut().said = said;
    Ok(u32::from(is_ok))
}

fn said(caller: &Caller<'_, Call>) -> Vec<u8> {
    caller.data().said.clone().unwrap_or_else(String::into_bytes)
}

fn memory(caller: &mut Caller<'_, Call>) -> wasmtime::Result<Memory> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| wasmtime::Error::msg("the guest exports no memory"))
}

fn read(caller: &mut Caller<'_, Call>, start: u32, length: u32) -> wasmtime::Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    memory(caller)?.read(caller, start as usize, &mut bytes)?;
    Ok(bytes)
}

fn write(caller: &mut Caller<'_, Call>, start: u32, bytes: &[u8]) -> wasmtime::Result<()> {
    memory(caller)?.write(caller, start as usize, bytes).map_err(wasmtime::Error::from)
}
