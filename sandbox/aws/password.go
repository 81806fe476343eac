package aws

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
)

// randomPassword makes up a password as Secrets Manager does. It is kept nowhere.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
func randomPassword(in props) (map[string]any, error) {
	length := 32
	if in.has("passwordLength") {
		length = in.number("passwordLength")
	}
	var sets []string
	for exclude, set := range map[string]string{
		"excludeLowercase": "abcdefghijklmnopqrstuvwxyz", "excludeUppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"excludeNumbers": "0123456789", "excludePunctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
	} {
		if !in.boolean(exclude) {
			sets = append(sets, set)
		}
	}
	if in.boolean("includeSpace") {
		sets = append(sets, " ")
	}
	for i := range sets {
		sets[i] = strings.Map(func(r rune) rune {
			if strings.ContainsRune(in.str("excludeCharacters"), r) {
				return -1
			}
			return r
		}, sets[i])
	}
	all := strings.Join(sets, "")
	if length < 1 || length > 4096 || all == "" {
		return nil, fail("GetRandomPassword", "InvalidParameterException", "The password length or the character set is not valid.")
	}
	for {
		text, err := randomText(all, length)
		if err != nil {
			return nil, err
		}
		// Unless it is turned off, each set that is allowed is in the password.
		if in.has("requireEachIncludedType") && !in.boolean("requireEachIncludedType") || length < len(sets) || hasEach(text, sets) {
			return map[string]any{"id": "random", "randomPassword": text}, nil
		}
	}
}

func hasEach(text string, sets []string) bool {
	for _, set := range sets {
		if set != "" && !strings.ContainsAny(text, set) {
			return false
		}
	}
	return true
}

func randomText(set string, length int) (string, error) {
	var b strings.Builder
	for range length {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(set))))
		if err != nil {
			return "", fmt.Errorf("aws stand-in: %w", err)
		}
		b.WriteByte(set[n.Int64()])
	}
	return b.String(), nil
}
