// SPDX-License-Identifier: Apache-2.0

// What generated files are for the programs that read them: Kubernetes' own YAML reader, and Go's
// regular expressions, which Argo Events' filters are. Reads requests on standard input, one JSON
// object a line, and answers each with one:
//
//	{"yaml": TEXT}                  {"value": VALUE} or {"error": TEXT}
//	{"pattern": P, "texts": [...]}  {"value": [BOOLEAN, ...]} or {"error": TEXT}
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"
	"regexp"

	"sigs.k8s.io/yaml"
)

type request struct {
	YAML    *string  `json:"yaml"`
	Pattern string   `json:"pattern"`
	Texts   []string `json:"texts"`
}

type answer struct {
	Value any    `json:"value"`
	Error string `json:"error,omitempty"`
}

func read(text string) (any, error) {
	var value any
	err := yaml.UnmarshalStrict([]byte(text), &value)
	return value, err
}

func match(pattern string, texts []string) (any, error) {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	found := make([]bool, len(texts))
	for i, text := range texts {
		found[i] = compiled.MatchString(text)
	}
	return found, nil
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked request
		if err := in.Decode(&asked); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		var given answer
		var err error
		if asked.YAML != nil {
			given.Value, err = read(*asked.YAML)
		} else {
			given.Value, err = match(asked.Pattern, asked.Texts)
		}
		if err != nil {
			given.Error = err.Error()
		}
		if err := out.Encode(given); err != nil {
			log.Fatal(err)
		}
	}
}
