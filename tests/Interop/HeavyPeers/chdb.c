// Runs one query in ClickHouse and writes its result to the standard output.
//   chdb LIBRARY FORMAT SQL
// A process of its own, since the library takes over the handling of signals.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void *function(const char *name) {
  void *found = dlsym(library, name);
  if (!found) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  return found;
}

int main(int argc, char **argv) {
  if (argc != 4 || !(library = dlopen(argv[1], RTLD_NOW))) {
    fprintf(stderr, "%s\n", argc == 4 ? dlerror() : "usage: chdb LIBRARY FORMAT SQL");
    return 2;
  }

  void (*set_signal_handlers_enabled)(int) = function("chdb_set_signal_handlers_enabled");
  void **(*open)(int, char **) = function("chdb_connect");
  void *(*query)(void *, const char *, const char *) = function("chdb_query");
  const char *(*error_of)(void *) = function("chdb_result_error");
  const char *(*buffer_of)(void *) = function("chdb_result_buffer");
  size_t (*length_of)(void *) = function("chdb_result_length");

  set_signal_handlers_enabled(0);
  char *arguments[] = {"clickhouse"};
  void **connection = open(1, arguments);
  if (!connection) {
    fprintf(stderr, "ClickHouse did not start.\n");
    return 2;
  }

  void *result = query(*connection, argv[3], argv[2]);
  const char *error = error_of(result);
  if (error) {
    fprintf(stderr, "%s\n", error);
  } else {
    fwrite(buffer_of(result), 1, length_of(result), stdout);
  }

  // The process ends without the library's own end, which takes a second.
  fflush(stdout);
  _Exit(error ? 1 : 0);
}
